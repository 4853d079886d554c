import { attacksOn, question, stillWorks, verdict, type Attack } from '../attack.js'
import { streamTopic } from '../victim.js'

/** Making a responder produce what nobody takes. */
export const streams: readonly Attack[] = attacksOn(
  'library',
  {
    tried: 'an endless stream asked for with a credit of 1 and never paid',
    withoutPeer: 'it has no streams',
    run: async (ground) => {
      const attacker = await ground.attacker()
      await attacker.subscribe('response/attacker')
      for (let stream = 0; stream < 20; stream++)
        attacker.publish({
          topic: streamTopic,
          payload: question('x'),
          responseTopic: 'response/attacker',
          correlationData: `${stream}`,
          userProperties: { __credit: '1' },
        })
      await attacker.settle()
      const broken = await stillWorks(ground)
      const sent = attacker.messages('response/attacker').length
      return verdict(`${sent} items were sent to 20 streams`, sent > 20 && `${sent} items were sent`, broken)
    },
  },
  {
    tried:
      'credits and grants that are no numbers, negative, infinite; grants and cancels for another’s stream',
    withoutPeer: 'it has no streams',
    run: async (ground) => {
      const attacker = await ground.attacker()
      const honest = await ground.attacker()
      await honest.subscribe('response/honest')
      const stream = { topic: streamTopic, payload: question('x'), correlationData: 'mine' }
      honest.publish({ ...stream, responseTopic: 'response/honest', userProperties: { __credit: '2' } })
      for (const credit of ['-1', '1e999', 'NaN', '', '999999999999'])
        attacker.publish({
          ...stream,
          responseTopic: 'response/attacker',
          userProperties: { __grant: credit },
        })
      attacker.publish({ ...stream, responseTopic: 'response/attacker', userProperties: { __stat: '499' } })
      await attacker.settle()
      await honest.until('two items', () => honest.messages('response/honest').length >= 2)
      honest.publish({ ...stream, responseTopic: 'response/honest', userProperties: { __grant: '3' } })
      await honest.until('five items', () => honest.messages('response/honest').length >= 5)
      honest.publish({ ...stream, responseTopic: 'response/honest', userProperties: { __stat: '499' } })
      const broken = await stillWorks(ground)
      const got = honest.messages('response/honest').length
      return verdict('the honest stream got what it paid for', got > 6 && `it got ${got} items for 5`, broken)
    },
  },
)

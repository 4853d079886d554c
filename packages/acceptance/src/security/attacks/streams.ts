import { attacksOn, requestPayload, checkTarget, attackOutcome, type Attack } from '../test-bed/attack.js'
import { streamTopic, targetId } from '../test-bed/target.js'

const controlTopic = `control/${targetId}`

/** Streams without or with invalid credit. */
export const streams: readonly Attack[] = attacksOn(
  'library',
  {
    name: '20 endless streams with a credit of 1 that is never renewed',
    noPeerReason: 'it has no streams',
    run: async (testBed) => {
      const attacker = await testBed.attacker()
      await attacker.subscribe('response/attacker')
      for (let stream = 0; stream < 20; stream++)
        attacker.publish({
          topic: streamTopic,
          payload: requestPayload('x'),
          responseTopic: 'response/attacker',
          correlationData: `${stream}`,
          userProperties: { __credit: '1' },
        })
      await attacker.flush()
      const targetFault = await checkTarget(testBed)
      const sent = attacker.messages('response/attacker').length
      return attackOutcome(
        `${sent} items were sent to 20 streams`,
        sent > 20 && `${sent} items were sent`,
        targetFault,
      )
    },
  },
  {
    name: 'credit that is not a number, negative or infinite; credit and cancellation for another requester’s stream',
    noPeerReason: 'it has no streams',
    run: async (testBed) => {
      const attacker = await testBed.attacker()
      const requester = await testBed.attacker()
      await requester.subscribe('response/requester')
      const stream = { topic: streamTopic, payload: requestPayload('x'), correlationData: 'mine' }
      const control = { topic: controlTopic, payload: '', correlationData: 'mine' }
      const userProperties = { __credit: '2', __ctl: '1' }
      requester.publish({ ...stream, responseTopic: 'response/requester', userProperties })
      await requester.waitFor(
        'two items and an acceptance',
        () => requester.messages('response/requester').length >= 3,
      )
      for (const credit of ['-1', '1e999', 'NaN', '', '9999999999999999'])
        for (const responseTopic of ['response/attacker', 'response/requester'])
          attacker.publish({
            ...control,
            responseTopic,
            userProperties: { __ctl: 'credit', __credit: credit },
          })
      attacker.publish({
        ...control,
        responseTopic: 'response/attacker',
        userProperties: { __ctl: 'cancel' },
      })
      await attacker.flush()
      const own = { ...control, responseTopic: 'response/requester' }
      requester.publish({ ...own, userProperties: { __ctl: 'credit', __credit: '5' } })
      await requester.waitFor('five items', () => requester.messages('response/requester').length >= 6)
      requester.publish({ ...own, userProperties: { __ctl: 'cancel' } })
      const targetFault = await checkTarget(testBed)
      const itemCount = requester.messages('response/requester').length - 1
      return attackOutcome(
        'the legitimate stream got the items of its credit',
        itemCount > 5 && `it got ${itemCount} items for a credit of 5`,
        targetFault,
      )
    },
  },
)

import { attacksOn, requestPayload, checkTarget, attackOutcome, type Attack } from '../test-bed/attack.js'
import { echoTopic } from '../test-bed/target.js'

/** Requests that try to make a responder publish to topics that the attacker may not use. */
export const reflection: readonly Attack[] = attacksOn(
  'library',
  {
    name: 'a request whose Response Topic belongs to another client',
    run: async (testBed) => {
      const attacker = await testBed.attacker()
      const other = await testBed.attacker()
      await other.subscribe('others/responses')
      attacker.publish({ topic: echoTopic, payload: requestPayload('x'), responseTopic: 'others/responses' })
      const targetFault = await checkTarget(testBed)
      await other.flush()
      const reflected = other.messages('others/responses')
      return attackOutcome(
        'acknowledged, counted, not answered: the topic is not in responseTopics',
        reflected.length > 0 && 'the responder published to it',
        targetFault,
      )
    },
  },
  {
    name: 'Response Topics with wildcards, $share, $SYS or empty levels, and an empty one',
    run: async (testBed) => {
      for (const responseTopic of ['response/+', '#', '$share/g/response/x', '$SYS/x', 'response//x', '']) {
        const attacker = await testBed.attacker()
        attacker.publish({ topic: echoTopic, payload: requestPayload('x'), responseTopic })
        await attacker.flush()
      }
      return attackOutcome(
        'rejected by the broker or the responder; other clients are not affected',
        await checkTarget(testBed),
      )
    },
  },
  {
    name: 'a request whose Response Topic is the request topic, so that responses become requests',
    run: async (testBed) => {
      const attacker = await testBed.attacker()
      const before = (await testBed.report()).handled
      attacker.publish({ topic: echoTopic, payload: requestPayload('loop'), responseTopic: echoTopic })
      const targetFault = await checkTarget(testBed)
      const handled = (await testBed.report()).handled - before - 1
      return attackOutcome(
        'rejected before the handler',
        handled > 0 && `handled ${handled} times`,
        targetFault,
      )
    },
  },
)

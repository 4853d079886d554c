import { attacksOn, requestPayload, checkTarget, attackOutcome, type Attack } from '../test-bed/attack.js'
import { echoTopic } from '../test-bed/target.js'

/** Requests that are left for responders that start later. */
export const staleness: readonly Attack[] = attacksOn('library', {
  name: 'a retained request, delivered to every responder that starts later',
  run: async (testBed) => {
    const attacker = await testBed.attacker()
    attacker.publish({
      topic: echoTopic,
      payload: requestPayload('stale'),
      responseTopic: 'response/x',
      retain: true,
    })
    await attacker.flush()
    await testBed.restart()
    const targetFault = await checkTarget(testBed)
    const handled = (await testBed.report()).handled - 1
    return attackOutcome('ignored', handled > 0 && 'a new responder handled it', targetFault)
  },
})

import { attacksOn, question, stillWorks, verdict, type Attack } from '../attack.js'
import { echoTopic } from '../victim.js'

/** Leaving things for those who come later. */
export const staleness: readonly Attack[] = attacksOn('library', {
  tried: 'a request left retained, for every responder that starts from now on',
  run: async (ground) => {
    const attacker = await ground.attacker()
    attacker.publish({
      topic: echoTopic,
      payload: question('stale'),
      responseTopic: 'response/x',
      retain: true,
    })
    await attacker.settle()
    await ground.restart()
    const broken = await stillWorks(ground)
    const handled = (await ground.report()).handled - 1
    return verdict('ignored', handled > 0 && 'every new responder handles it', broken)
  },
})

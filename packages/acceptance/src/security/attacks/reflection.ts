import { attacksOn, question, stillWorks, verdict, type Attack } from '../attack.js'
import { echoTopic } from '../victim.js'

/** Making a responder publish where the attacker may not. */
export const reflection: readonly Attack[] = attacksOn(
  'library',
  {
    tried: 'a request whose Response Topic is another’s inbox',
    run: async (ground) => {
      const attacker = await ground.attacker()
      const other = await ground.attacker()
      await other.subscribe('others/inbox')
      attacker.publish({ topic: echoTopic, payload: question('x'), responseTopic: 'others/inbox' })
      const broken = await stillWorks(ground)
      await other.settle()
      const reflected = other.messages('others/inbox')
      return verdict(
        'acknowledged, counted, not answered: the allow-list has no such topic',
        reflected.length > 0 && 'the responder wrote into it',
        broken,
      )
    },
  },
  {
    tried:
      'Response Topics with wildcards, of a shared subscription, of the broker’s own tree, with empty levels, empty',
    run: async (ground) => {
      for (const responseTopic of ['response/+', '#', '$share/g/response/x', '$SYS/x', 'response//x', '']) {
        const attacker = await ground.attacker()
        attacker.publish({ topic: echoTopic, payload: question('x'), responseTopic })
        await attacker.settle()
      }
      return verdict('refused, by the broker or the responder; nobody else notices', await stillWorks(ground))
    },
  },
  {
    tried: 'a request whose Response Topic is the topic of requests, so that answers are asked again',
    run: async (ground) => {
      const attacker = await ground.attacker()
      const before = (await ground.report()).handled
      attacker.publish({ topic: echoTopic, payload: question('loop'), responseTopic: echoTopic })
      const broken = await stillWorks(ground)
      const handled = (await ground.report()).handled - before - 1
      return verdict('refused before any handler', handled > 0 && `handled ${handled} times`, broken)
    },
  },
)

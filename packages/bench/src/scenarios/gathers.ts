import { antiphon, byHand } from '../names.js'
import type { Gathered } from '../peers/gather.js'
import type { Sample } from '../result.js'
import { scenario, type AnyScenario } from '../scenario.js'
import type { Settings } from '../settings.js'
import { startTwo, stopTwo, type Two } from './two-programs.js'

/** One question to many responders. */
export function gathers({ milliseconds, isShort, broker }: Settings): AnyScenario {
  const responders = isShort ? 10 : 50
  const gather = async ({ requester, responder }: Two, forSo: number): Promise<Sample> => {
    const before = await responder.call<number>('cpu')
    const order = { milliseconds: forSo, responders }
    const gathered = await requester.call<Gathered>('gather', order)
    const served = (await responder.call<number>('cpu')) - before
    const { questions: requests, answers: responses, cpu } = gathered
    return {
      rate: (requests * 1_000) / gathered.milliseconds,
      requester: cpu / requests,
      responder: served / requests,
      cpu: (cpu + served) / requests,
      asked: requests * responders,
      lost: requests * responders - responses,
    }
  }
  return scenario<Two>({
    section: 'Gathering',
    about:
      'One question to many responders, each with a connection of its own, all in one process; QoS 1, one question at a time.',
    contestants: [antiphon, byHand],
    start: (contestant) => startTwo({ program: 'gather', contestant, broker, endpoints: responders }),
    warm: (two) => gather(two, milliseconds),
    stop: stopTwo,
    rows: [
      {
        title: `gather over ${responders} responders`,
        facts: { kind: 'gather', responders },
        seconds: milliseconds / 500,
        measure: (two) => gather(two, milliseconds * 2),
      },
    ],
  })
}

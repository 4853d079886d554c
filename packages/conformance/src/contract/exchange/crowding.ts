import { endpoint, exchange$, text, topicParams, type Endpoint } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { delay, finalize, of, Subject } from 'rxjs'
import { casesOf, numbers, online, outgoing, send, type CaseDefinition, type Scene } from '../scene.js'
import { watch } from '../watch.js'
import { serving, type EchoTypes } from './stage.js'

/** Requests that name no place for an answer, so that nobody can be told that there is no room. */
function notesOf(scene: Scene): Endpoint<EchoTypes> {
  return endpoint({ topic: scene.topic('notes'), request: text, response: text, acceptsNotifications: true })
}

/** What the verbs promise where many requests come at once, on any version of MQTT. */
export const crowdingCases: readonly CaseDefinition[] = casesOf(
  'many requests at once',
  {
    name: 'those of one key are handled one after the other in their order, others beside them',
    run: async (scene) => {
      const unlock = endpoint({
        topic: `${scene.topic('ask')}/{car}/{number}`,
        reply: { topic: `${scene.topic('answer')}/{car}/{number}`, filter: `${scene.topic('answer')}/#` },
        request: text,
        response: text,
        correlation: topicParams(),
      })
      const link = scene.link()
      const began: string[] = []
      const atWork = new Set<string>()
      let most = 0
      await serving(
        scene,
        unlock,
        ({ params: { car, number }, value }) => {
          expectThat(!atWork.has(car), `no other request of ${car} to be at work`)
          began.push(car + number)
          most = Math.max(most, atWork.add(car).size)
          return of(value).pipe(
            delay(50, link.scheduler),
            finalize(() => atWork.delete(car)),
          )
        },
        { link, serve: { orderedBy: ({ params: { car } }) => car } },
      )
      const caller = scene.link()
      const [cars, rounds] = [['a', 'b', 'c'] as const, ['1', '2', '3', '4'] as const]
      const calls = rounds.flatMap((number) =>
        cars.map((car) => watch(exchange$(caller, unlock, { params: { car, number }, value: number }))),
      )
      for (const call of calls) expectEqual(await scene.eventually(call.ended()), 'complete', 'how it ended')
      for (const car of cars) {
        const own = began.filter((one) => one.startsWith(car))
        expectEqual(
          own,
          rounds.map((number) => car + number),
          `the order of ${car}`,
        )
      }
      expectEqual(most, cars.length, 'how many were at work at once')
    },
  },
  {
    name: 'those that cannot be told that there is no room wait, and are all handled',
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const notes = notesOf(scene)
      const { records } = await serving(
        scene,
        notes,
        ({ value }) => of(value).pipe(delay(5, link.scheduler)),
        {
          link,
          serve: { concurrency: 1, queue: 1 },
        },
      )
      for (const note of numbers(10)) await send(scene, scene.peer, outgoing(notes.name, note))
      await scene.eventually(records.until(10))
      expectEqual(
        records.values.map(({ outcome }) => outcome),
        numbers(10).map(() => 'answered' as const),
        'the records',
      )
    },
  },
  {
    name: 'one that a draining responder cannot refuse stays unacknowledged, and comes again',
    needs: ['cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const notes = notesOf(scene)
      const [go, drain$] = [new Subject<string>(), new Subject<void>()]
      const leaving = await serving(scene, notes, () => go, { link, serve: { drain$ } })
      await send(scene, scene.peer, outgoing(notes.name, 'before'))
      await scene.settle()
      drain$.next()
      await send(scene, scene.peer, outgoing(notes.name, 'after'))
      const [busy] = await scene.eventually(leaving.records.until(1))
      expectEqual([busy?.outcome, busy?.status], ['busy', undefined], 'the record of the new one')
      go.next('done')
      expectEqual(await scene.eventually(leaving.records.ended()), 'complete', 'how the serving ended')

      const handled: string[] = []
      const staying = await serving(
        scene,
        notes,
        ({ value }) => {
          handled.push(value)
          return of('done')
        },
        { link },
      )
      await scene.cut(link)
      await scene.restore(link)
      await online(scene, link)
      await scene.eventually(staying.records.until(1))
      expectEqual(handled, ['after'], 'what was handled then')
    },
  },
)

import { countsOf, exchange$, request$, type ExchangeOptions } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { delay, from, of, Subject } from 'rxjs'
import { casesOf, expectFailure, numbers, online, type CaseDefinition } from '../scene.js'
import { watch } from '../watch.js'
import { echoOf, pause, serving } from './stage.js'

/** What lost connections and closed links do to exchanges. */
export const connectingCases: readonly CaseDefinition[] = casesOf(
  'exchanges and connections',
  {
    name: 'open questions live on when the session is there again, and get what came meanwhile',
    needs: ['properties', 'cut'],
    run: async (scene) => {
      const echo = echoOf(scene)
      const go = new Subject<string>()
      await serving(scene, echo, () => go)
      const link = scene.link({ isRemembered: true })
      const calls = numbers(10).map((question) => watch(exchange$(link, echo, question, { timeout: 60_000 })))
      await pause(scene, link, 200)
      await scene.cut(link)
      go.next('done')
      await scene.settle()
      await scene.restore(link)
      for (const call of calls) expectEqual(await scene.eventually(call.until(1)), ['done'], 'the answer')
      expectEqual(countsOf(link, echo).pending, 0, 'what is pending')
    },
  },
  {
    name: 'with `resend` a question is asked again on the next session, once its subscription stands',
    needs: ['properties', 'cut', 'lose-session'],
    run: async (scene) => {
      const echo = echoOf(scene)
      let runs = 0
      const go = new Subject<string>()
      await serving(scene, echo, () => {
        runs += 1
        return go
      })
      const link = scene.link({ isRemembered: true })
      const options: ExchangeOptions = { timeout: 60_000, onDisconnect: 'resend' }
      const call = watch(exchange$(link, echo, 'x', options))
      await pause(scene, link, 200)
      await scene.cut(link)
      await scene.loseSession(link)
      go.next('done')
      await scene.settle()
      await scene.restore(link)
      expectEqual(await scene.eventually(call.until(1)), ['done'], 'the answer')
      expectEqual(runs, 1, 'how often it ran')
    },
  },
  {
    name: 'with `fail` an open question fails when the connection is lost',
    needs: ['properties', 'cut'],
    run: async (scene) => {
      const echo = echoOf(scene)
      await serving(scene, echo, () => new Subject<string>())
      const link = scene.link({ isRemembered: true })
      const call = watch(exchange$(link, echo, 'x', { timeout: 60_000, onDisconnect: 'fail' }))
      await pause(scene, link, 200)
      await scene.cut(link)
      expectFailure(await scene.eventually(call.ended()), 'connection-lost')
    },
  },
  {
    name: 'a question asked while offline is asked when the link is back',
    needs: ['properties', 'cut'],
    run: async (scene) => {
      const echo = echoOf(scene)
      await serving(scene, echo, ({ value }) => of(value))
      const link = scene.link({ isRemembered: true })
      await online(scene, link)
      await scene.cut(link)
      const call = watch(exchange$(link, echo, 'x', { timeout: 60_000 }))
      await scene.restore(link)
      expectEqual(await scene.eventually(call.until(1)), ['x'], 'the answer')
    },
  },
  {
    name: 'a responder that loses its connection finishes what it has in hand and answers when it is back',
    needs: ['properties', 'cut'],
    run: async (scene) => {
      const echo = echoOf(scene)
      let runs = 0
      const link = scene.link({ isRemembered: true })
      await serving(
        scene,
        echo,
        ({ value }) => {
          runs += 1
          return of(value).pipe(delay(150, link.scheduler))
        },
        { link },
      )
      const answers = watch(
        from(numbers(20)).pipe(request$(scene.link(), echo, { timeout: 60_000, ordered: true })),
      )
      await pause(scene, link, 100)
      await scene.cut(link)
      await pause(scene, link, 200)
      await scene.restore(link)
      expectEqual(await scene.eventually(answers.ended()), 'complete', 'how it ended')
      expectEqual(answers.values, numbers(20), 'the answers')
      expectEqual(runs, 20, 'how often the handler ran')
    },
  },
  {
    name: 'exchanges survive a broker that stops and starts again',
    needs: ['properties', 'restart'],
    run: async (scene) => {
      const echo = echoOf(scene)
      const link = scene.link({ isRemembered: true })
      await serving(scene, echo, ({ value }) => of(value).pipe(delay(200, link.scheduler)), { link })
      const caller = scene.link({ isRemembered: true })
      const options: ExchangeOptions = {
        timeout: 60_000,
        onDisconnect: 'resend',
        retry: { count: 20, after: 1_000 },
      }
      const answers = watch(from(numbers(10)).pipe(request$(caller, echo, { ...options, ordered: true })))
      await pause(scene, link, 100)
      await scene.restart()
      expectEqual(await scene.eventually(answers.ended()), 'complete', 'how it ended')
      expectEqual(answers.values, numbers(10), 'the answers')
    },
  },
  {
    name: 'a closed link fails what is open, and what is asked later',
    needs: ['properties'],
    run: async (scene) => {
      const echo = echoOf(scene)
      const link = scene.link()
      const call = watch(exchange$(link, echo, 'x', { timeout: 60_000 }))
      await online(scene, link)
      await scene.settle()
      await scene.eventually(link.close())
      expectFailure(await scene.eventually(call.ended()), 'link-closed')
      const late = watch(exchange$(link, echo, 'x'))
      expectFailure(await scene.eventually(late.ended()), 'link-closed')
      expectEqual(countsOf(link, echo).pending, 0, 'what is pending')
    },
  },
  {
    name: 'nothing is left of exchanges when their links are closed',
    needs: ['properties', 'leftovers'],
    run: async (scene) => {
      const echo = echoOf(scene)
      const served = await serving(scene, echo, ({ value }) =>
        value === 'wait' ? new Subject<string>() : of(value),
      )
      const link = scene.link()
      const answers = watch(from([...numbers(20), 'wait']).pipe(request$(link, echo, { timeout: 60_000 })))
      await scene.eventually(answers.until(20))
      await scene.eventually(link.close())
      await scene.eventually(served.link.close())
      expectThat(answers.ending() !== undefined, 'the stream to have ended')
      expectEqual(await scene.leftovers(link), [], 'what is left of the caller')
      expectEqual(await scene.leftovers(served.link), [], 'what is left of the responder')
    },
  },
)

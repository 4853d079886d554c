import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { delay, NEVER, of, Subject } from 'rxjs'
import { casesOf, numbers, online, textsOf, type CaseDefinition } from '../scene.js'
import { watch } from '../watch.js'
import { echoOf, pause, plainCaller, serving, token } from './stage.js'

/** What answering promises about requests that come twice, and about acknowledging them. */
export const repeatingCases: readonly CaseDefinition[] = casesOf(
  'repetitions and acknowledgements',
  {
    name: 'a repeated request gets the same reply and runs once; under another response topic it is another',
    needs: ['properties'],
    run: async (scene) => {
      let runs = 0
      const { refusals } = await serving(scene, echoOf(scene), () => of(`run ${(runs += 1)}`))
      const caller = await plainCaller(scene, scene.topic('echo'))
      const other = watch(scene.peer.messages$(scene.topic('other')))
      for (const [index] of [1, 2, 3].entries()) {
        await caller.ask('x', token('same'))
        await scene.eventually(caller.replies.until(index + 1))
      }
      await caller.ask('x', { ...token('same'), responseTopic: scene.topic('other') })
      await scene.eventually(other.until(1))
      expectEqual(textsOf(caller.replies.values), ['run 1', 'run 1', 'run 1'], 'the replies')
      expectEqual(textsOf(other.values), ['run 2'], 'the reply on the other topic')
      expectEqual(
        refusals.values.map(({ reason }) => reason),
        ['duplicate', 'duplicate'],
        'the refusals',
      )
    },
  },
  {
    name: 'a request repeated while it runs joins it: one run, one reply',
    needs: ['properties'],
    run: async (scene) => {
      let runs = 0
      const link = scene.link({ isRemembered: true })
      const { refusals } = await serving(
        scene,
        echoOf(scene),
        ({ value }) => {
          runs += 1
          return of(value).pipe(delay(300, link.scheduler))
        },
        { link },
      )
      const caller = await plainCaller(scene, scene.topic('echo'))
      for (const _ of [1, 2, 3]) await caller.ask('x', token('same'))
      await scene.eventually(refusals.until(2))
      await scene.eventually(caller.replies.until(1))
      await pause(scene, link, 100)
      expectEqual([runs, caller.replies.values.length], [1, 1], 'the runs and the replies')
    },
  },
  {
    name: 'a redelivered request joins the one that runs, or gets its reply again: none runs twice',
    needs: ['properties', 'cut'],
    run: async (scene) => {
      const go = new Subject<void>()
      const runs: string[] = []
      const link = scene.link({ isRemembered: true })
      const { refusals, records } = await serving(
        scene,
        echoOf(scene),
        ({ value }) => {
          runs.push(value)
          return new Promise<string>((resolve) => go.subscribe(() => resolve(value)))
        },
        { link },
      )
      const caller = await plainCaller(scene, scene.topic('echo'))
      for (const payload of numbers(5)) await caller.ask(payload)
      await scene.settle()
      await scene.cut(link)
      await scene.restore(link)
      await scene.eventually(refusals.until(5))
      go.next()
      await scene.eventually(records.until(5))
      await scene.settle()
      expectEqual(runs, numbers(5), 'what ran')
      expectEqual([...textsOf(caller.replies.values)].sort(), numbers(5), 'the replies')
      await scene.cut(link)
      await scene.restore(link)
      await online(scene, link)
      await scene.settle()
      expectEqual(refusals.values.length, 5, 'the redeliveries, after all was acknowledged')
    },
  },
  {
    name: 'a request is acknowledged after its reply, in the order of receipt',
    needs: ['properties', 'cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const { refusals } = await serving(
        scene,
        echoOf(scene),
        ({ value }) => (value === '1' ? NEVER : of(value)),
        { link },
      )
      const caller = await plainCaller(scene, scene.topic('echo'))
      for (const payload of numbers(4)) await caller.ask(payload)
      await scene.eventually(caller.replies.until(3))
      await scene.settle()
      await scene.cut(link)
      await scene.restore(link)
      // All four come again: the first was not answered, and nothing overtakes it.
      await scene.eventually(refusals.until(4))
      await scene.eventually(caller.replies.until(6))
      expectThat(
        refusals.values.every(({ message, reason }) => message.dup && reason === 'duplicate'),
        'what came again to be marked as a duplicate',
      )
      expectEqual(textsOf(refusals.values.map(({ message }) => message)), numbers(4), 'what came again')
    },
  },
  {
    name: 'a request is acknowledged on receipt where that is what is wanted',
    needs: ['properties', 'cut'],
    run: async (scene) => {
      const go = new Subject<string>()
      const link = scene.link({ isRemembered: true })
      const { refusals } = await serving(scene, echoOf(scene), () => go, {
        link,
        requests: { acknowledge: 'on-receipt' },
      })
      const caller = await plainCaller(scene, scene.topic('echo'))
      await caller.ask('x')
      await scene.settle()
      await scene.cut(link)
      await scene.restore(link)
      await online(scene, link)
      await scene.settle()
      go.next('done')
      await scene.eventually(caller.replies.until(1))
      expectEqual(refusals.values.length, 0, 'the redeliveries')
    },
  },
  {
    name: 'a drained responder refuses what is new, finishes what it has, then is gone',
    needs: ['properties'],
    run: async (scene) => {
      const go = new Subject<string>()
      const drain$ = new Subject<void>()
      const { records } = await serving(scene, echoOf(scene), () => go, { serve: { drain$ } })
      const caller = await plainCaller(scene, scene.topic('echo'))
      await caller.ask('before')
      await scene.settle()
      drain$.next()
      await caller.ask('after')
      const [busy] = await scene.eventually(caller.replies.until(1))
      expectEqual(busy?.userProperties?.[0], ['__stat', '503'], 'the reply to the new one')
      expectEqual(records.ending(), undefined, 'how the serving ended meanwhile')
      go.next('done')
      expectEqual(await scene.eventually(records.ended()), 'complete', 'how the serving ended')
      await scene.eventually(caller.replies.until(2))
      expectEqual(textsOf(caller.replies.values), ['', 'done'], 'the replies')
    },
  },
)

import { ApplicationError, endpoint, text } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { delay, NEVER, of, Subject, throwError } from 'rxjs'
import { casesOf, outgoing, send, textOf, textsOf, type CaseDefinition } from '../scene.js'
import { echoOf, pause, plainCaller, serving, statusOf, token } from './stage.js'

/** What answering promises of single replies, and of what is remembered of them. */
export const replyingCases: readonly CaseDefinition[] = casesOf(
  'replies',
  {
    name: 'a reply has no expiry where its request had none',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, echoOf(scene), ({ value }) => of(value))
      const caller = await plainCaller(scene, scene.topic('echo'))
      await caller.ask('x')
      const [reply] = await scene.eventually(caller.replies.until(1))
      expectEqual(reply?.messageExpiryInterval, undefined, 'its expiry')
    },
  },
  {
    name: 'foreign properties, no content type, text that does not say so, a lower version: none is an error',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, echoOf(scene), ({ value }) => of(value))
      const caller = await plainCaller(scene, scene.topic('echo'))
      await caller.ask('foreign', {
        userProperties: [
          ['__unknown', 'x'],
          ['', ''],
        ],
      })
      await caller.ask('binary', { payloadFormatIndicator: false })
      await caller.ask('typed', { contentType: 'TEXT/plain; charset=utf-8', payloadFormatIndicator: true })
      await caller.ask('version', { userProperties: [['__protVer', '1.7']] })
      const replies = await scene.eventually(caller.replies.until(4))
      expectEqual(textsOf(replies), ['foreign', 'binary', 'typed', 'version'], 'the replies')
      expectThat(
        replies.every((reply) => statusOf(reply) === '200'),
        'all to be answers',
      )
    },
  },
  {
    name: 'an empty payload is a question, and an empty answer is an answer',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, echoOf(scene), ({ value }) => of(value))
      const caller = await plainCaller(scene, scene.topic('echo'))
      await caller.ask('')
      const [reply] = await scene.eventually(caller.replies.until(1))
      expectEqual([reply?.payload.length, statusOf(reply ?? {})], [0, '200'], 'the reply')
    },
  },
  {
    name: 'a request that wants no reply is handled where the endpoint takes notifications',
    needs: ['properties'],
    run: async (scene) => {
      const handled: string[] = []
      const notified = endpoint({
        topic: scene.topic('echo'),
        request: text,
        response: text,
        acceptsNotifications: true,
      })
      const { records, refusals } = await serving(scene, notified, ({ value }) => {
        handled.push(value)
        return of(value)
      })
      await send(scene, scene.peer, outgoing(scene.topic('echo'), 'by the way'))
      await scene.eventually(records.until(1))
      expectEqual(handled, ['by the way'], 'what was handled')
      expectEqual([records.values[0]?.outcome, refusals.values.length], ['answered', 0], 'what became of it')
    },
  },
  {
    name: 'a repetition of a request that failed gets the same failure, and does not run again',
    needs: ['properties'],
    run: async (scene) => {
      let runs = 0
      await serving(scene, echoOf(scene), () => {
        runs += 1
        return throwError(() => new ApplicationError({ code: `run-${runs}`, message: 'no' }))
      })
      const caller = await plainCaller(scene, scene.topic('echo'))
      await caller.ask('x', token('same'))
      await scene.eventually(caller.replies.until(1))
      await caller.ask('x', token('same'))
      const [first, second] = await scene.eventually(caller.replies.until(2))
      expectEqual(second?.userProperties, first?.userProperties, 'what the second says')
      expectEqual(runs, 1, 'how often it ran')
    },
  },
  {
    name: 'a request that was turned away may be asked again, and is answered then',
    needs: ['properties'],
    run: async (scene) => {
      const go = new Subject<string>()
      await serving(scene, echoOf(scene), ({ value }) => (value === 'first' ? go : of(value)), {
        serve: { concurrency: 1, queue: 0 },
      })
      const caller = await plainCaller(scene, scene.topic('echo'))
      await caller.ask('first', token('1'))
      await caller.ask('second', token('2'))
      const [busy] = await scene.eventually(caller.replies.until(1))
      go.next('done')
      await scene.eventually(caller.replies.until(2))
      await caller.ask('second', token('2'))
      const replies = await scene.eventually(caller.replies.until(3))
      expectEqual(statusOf(busy ?? {}), '503', 'the first reply')
      expectEqual(textsOf(replies), ['', 'done', 'second'], 'the replies')
    },
  },
  {
    name: 'a repetition gets the same reply with an expiry of its own',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, echoOf(scene), ({ value }) => of(value))
      const caller = await plainCaller(scene, scene.topic('echo'))
      await caller.ask('x', { ...token('same'), messageExpiryInterval: 60 })
      await scene.eventually(caller.replies.until(1))
      await caller.ask('x', { ...token('same'), messageExpiryInterval: 600 })
      const [first, second] = await scene.eventually(caller.replies.until(2))
      expectEqual(second, { ...first, messageExpiryInterval: second?.messageExpiryInterval }, 'the second')
      const [early = 0, late = 0] = [first, second].map((reply) => reply?.messageExpiryInterval)
      expectThat(early >= 58 && early <= 60, `an expiry of about 60 s, not ${early}`)
      expectThat(late >= 598 && late <= 600, `an expiry of about 600 s, not ${late}`)
    },
  },
  {
    name: 'what is remembered is bounded: the oldest is forgotten, and runs again',
    needs: ['properties'],
    run: async (scene) => {
      const runs: string[] = []
      await serving(
        scene,
        echoOf(scene),
        ({ value }) => {
          runs.push(value)
          return of(value)
        },
        { requests: { duplicates: { entries: 2 } } },
      )
      const caller = await plainCaller(scene, scene.topic('echo'))
      for (const [index, name] of ['a', 'b', 'c', 'c', 'b', 'a'].entries()) {
        await caller.ask(name, token(name))
        await scene.eventually(caller.replies.until(index + 1))
      }
      expectEqual(runs, ['a', 'b', 'c', 'a'], 'what ran')
    },
  },
  {
    name: 'requests wait in line for a handler, and are handled in the order of receipt',
    needs: ['properties'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      await serving(scene, echoOf(scene), ({ value }) => of(value).pipe(delay(20, link.scheduler)), {
        link,
        serve: { concurrency: 1 },
      })
      const caller = await plainCaller(scene, scene.topic('echo'))
      const asked = ['a', 'b', 'c', 'd']
      for (const payload of asked) await caller.ask(payload)
      expectEqual(textsOf(await scene.eventually(caller.replies.until(4))), asked, 'the replies')
    },
  },
  {
    name: 'a responder that leaves hands back what it has in hand, and the next one answers it',
    needs: ['properties', 'cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const first = await serving(scene, echoOf(scene), () => NEVER, { link })
      const caller = await plainCaller(scene, scene.topic('echo'))
      await caller.ask('x')
      await scene.settle()
      first.records.unsubscribe()
      await pause(scene, link, 50)
      await serving(scene, echoOf(scene), ({ value }) => of(`${value}!`), { link })
      await scene.cut(link)
      await scene.restore(link)
      const [reply] = await scene.eventually(caller.replies.until(1))
      expectEqual(textOf(reply ?? { payload: new Uint8Array() }), 'x!', 'the reply')
    },
  },
)

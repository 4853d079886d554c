import type * as core from '@antiphon/core'
import type { Link } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import type * as link from '@antiphon/core/link'
import { delay, filter, map, mergeMap, of, repeat, take, timer } from 'rxjs'
import { marbles, type MessageParts } from '../../src/index.js'

/** Everything that core gives, from core or from a copy of it. */
export type Core = typeof core & typeof link

const question: MessageParts = {
  topic: 'echo',
  payload: 'x',
  responseTopic: 'me',
  correlationData: '1',
}
const second: MessageParts = { ...question, correlationData: '2' }
const third: MessageParts = { ...question, correlationData: '3' }
const cancel: MessageParts = { ...question, payload: '', userProperties: [['__stat', '499']] }
const saying = (status: number, message: string): NonNullable<MessageParts['userProperties']> => [
  ['__stat', `${status}`],
  ['__stMsg', message],
]

/** The endpoint that all scenes are about. */
const echoOf = ({ endpoint, text }: Core) => endpoint({ topic: 'echo', request: text, response: text })

/** Answers what is asked on `echo` with its own payload, after as many milliseconds as this says. */
function answer(link: Link, wait: (text: string) => number, times = 1): void {
  link
    .messages$('echo')
    .pipe(
      filter(({ payload }) => payload.length > 0),
      mergeMap((asked) =>
        of(asked).pipe(
          delay(wait(new TextDecoder().decode(asked.payload)), link.scheduler),
          mergeMap(({ responseTopic = '', correlationData = toUtf8(''), payload }) =>
            link.publish$({ topic: responseTopic, correlationData, payload }).pipe(repeat(times)),
          ),
        ),
      ),
    )
    .subscribe()
}

/** Marble tests of asking and answering, over core or a copy of it, by what they show. */
export const scenes: Readonly<Record<string, (core: Core) => () => void>> = {
  'a question is asked when its response subscription stands, and that is left after a while': (core) =>
    marbles(({ broker, cold, link, expectObservable, expectPublished, expectSubscribed, expectTimers }) => {
      broker.inject({ kind: 'delay', by: 3, packets: ['suback'], clientId: 'caller' })
      const caller = link({ clientId: 'caller' })
      caller.state$.subscribe()
      answer(link({ clientId: 'device' }), () => 2)
      const answers$ = cold('                     --(a|)').pipe(
        core.request$(caller, echoOf(core), { timeout: 90_000 }),
      )
      expectObservable(answers$).toBe('           -------(a|)')
      expectPublished('echo').toBe('              -----a')
      expectPublished('response/caller').toBe('   -------a')
      expectSubscribed('response/caller').toBe('  --^ 30004ms !')
      expectTimers('                              40s |').toBe(0)
    }),

  'every reply is acknowledged, and the second one is told as a stray': (core) =>
    marbles(({ broker, link, expectObservable, scheduler }) => {
      const caller = link({ clientId: 'caller' })
      answer(link({ clientId: 'device' }), () => 1, 2)
      expectObservable(core.exchange$(caller, echoOf(core), 'a')).toBe('-(a|)')
      expectObservable(core.strays$(caller).pipe(map(({ message }) => message.topic))).toBe('-s', {
        s: 'response/caller',
      })
      const left$ = timer(3, scheduler).pipe(map(() => broker.session('caller')?.unacknowledged.length))
      expectObservable(left$).toBe('---(n|)', { n: 0 })
    }),

  'answers find their questions whatever the order': (core) =>
    marbles(({ cold, link, expectObservable }) => {
      const echo = echoOf(core)
      answer(link({ clientId: 'device' }), (text) => (text === 'a' ? 5 : 1))
      const asked = '                                                            ab|'
      expectObservable(cold(asked).pipe(core.request$(link(), echo))).toBe('     --b--(a|)')
    }),

  'answers come in the order of their questions where that is asked for': (core) =>
    marbles(({ cold, link, expectObservable }) => {
      answer(link({ clientId: 'device' }), (text) => (text === 'a' ? 5 : 1))
      const answers$ = cold('ab|').pipe(core.request$(link(), echoOf(core), { ordered: true }))
      expectObservable(answers$).toBe('-----(ab|)')
    }),

  'an unanswered question ends when its time is up, and says so to the broker': (core) =>
    marbles(({ link, expectObservable, expectPublished }) => {
      const caller = link()
      const outcome$ = core.requestEither$(caller, echoOf(core), { timeout: 1_500 })(of('a'))
      const code$ = outcome$.pipe(map((either) => (either._tag === 'Left' ? either.left.code : 'answered')))
      expectObservable(code$).toBe('1500ms (t|)', { t: 'timeout' })
      expectPublished('#').toBe('a', { a: { payload: 'a', messageExpiryInterval: 2 } })
    }),

  'a question is asked again as often as allowed': (core) =>
    marbles(({ link, expectObservable, expectPublished }) => {
      const options = { timeout: 10, retry: { count: 1, after: 3 } }
      const answers$ = core
        .requestEither$(
          link(),
          echoOf(core),
          options,
        )(of('a'))
        .pipe(map(({ _tag }) => _tag))
      expectObservable(answers$).toBe('----------(t|)', { t: 'Left' })
      expectPublished('#').toBe('a--a', { a: { payload: 'a', messageExpiryInterval: 1 } })
    }),

  'a question given up is cancelled once': (core) =>
    marbles(({ link, expectObservable, expectPublished }) => {
      const caller = link()
      expectObservable(core.exchange$(caller, echoOf(core), 'a'), '^--!').toBe('')
      expectPublished('echo').toBe('a--c', { c: { payload: '', userProperties: [['__stat', '499']] } })
    }),

  'who leaves with the answer cancels nothing': (core) =>
    marbles(({ link, expectObservable, expectPublished }) => {
      const [caller, echo] = [link(), echoOf(core)]
      answer(link({ clientId: 'device' }), () => 2)
      expectObservable(core.exchange$(caller, echo, 'a').pipe(take(1))).toBe('--(a|)')
      expectPublished('echo').toBe('a')
      const pending$ = timer(5, caller.scheduler).pipe(map(() => core.countsOf(caller, echo).pending))
      expectObservable(pending$).toBe('-----(n|)', { n: 0 })
    }),

  'a question whose answer may be missed is asked again': (core) =>
    marbles(({ broker, link, expectPublished, expectObservable }) => {
      const caller = link({ clientId: 'caller' })
      expectObservable(core.exchange$(caller, echoOf(core), 'a', { onDisconnect: 'resend' }), '^---------!')
      broker.play('---I', { clientId: 'caller' })
      expectPublished('echo', { clientId: 'caller' }).toBe('a---a-----c', { c: { payload: '' } })
    }),

  'a stream keeps to its credit, and ends': (core) =>
    marbles(({ link, expectObservable, expectPublished }) => {
      const { endpoint, exchange$, requests$, serve, text } = core
      const count = endpoint({ topic: 'count', request: text, response: text, replies: 'many' })
      requests$(link({ clientId: 'device' }), count)
        .pipe(serve(() => ['1', '2', '3', '4', '5']))
        .subscribe()
      const options = { credit: 2, timeout: 50 }
      expectObservable(exchange$(link({ clientId: 'caller' }), count, 'up', options)).toBe('(12345|)')
      expectPublished('count', { clientId: 'caller' }).toBe('(qggggg)', {
        q: { userProperties: [['__credit', '2']] },
        g: { userProperties: [['__grant', '1']] },
      })
    }),

  'a stream waits where no credit is left': (core) =>
    marbles(({ link, publish, expectPublished }) => {
      const { endpoint, requests$, serve, text } = core
      const count = endpoint({ topic: 'count', request: text, response: text, replies: 'many' })
      requests$(link(), count)
        .pipe(serve(() => ['1', '2', '3']))
        .subscribe()
      link().messages$('me').subscribe()
      const asked = { ...question, topic: 'count' }
      publish('                 --a---b---', {
        a: { ...asked, userProperties: [['__credit', '2']] },
        b: { ...asked, payload: '', userProperties: [['__grant', '2']] },
      })
      expectPublished('me').toBe('--(12)(3e)', { e: { payload: '' } })
    }),

  'a request is acknowledged once its reply is out': (core) =>
    marbles(({ broker, link, publish, expectObservable, expectPublished }) => {
      const device = link({ clientId: 'device' })
      device.state$.subscribe()
      core
        .requests$(device, echoOf(core))
        .pipe(core.serve(() => of('y')))
        .subscribe()
      broker.play([
        { at: 1, fault: { kind: 'reorder', by: 4, packets: ['publish'], direction: 'from-client' } },
      ])
      publish('--a', { a: question })
      expectPublished('me').toBe('------y')
      const left = (at: number) =>
        timer(at, device.scheduler).pipe(map(() => broker.session('device')?.unacknowledged.length))
      expectObservable(left(4)).toBe('----(n|)', { n: 1 })
      expectObservable(left(7)).toBe('-------(n|)', { n: 0 })
    }),

  'acknowledgements leave in the order of receipt': (core) =>
    marbles(({ broker, scheduler, publish, expectObservable, expectPublished }) => {
      const device = core.linkOver(broker.transport({ clientId: 'device' }), { scheduler })
      core
        .requests$(device, echoOf(core))
        .pipe(core.serve(({ value }) => of(value).pipe(delay(value === 'slow' ? 4 : 1, scheduler))))
        .subscribe()
      publish('              --ab', { a: { ...question, payload: 'slow' }, b: second })
      expectPublished('me').toBe('----x-s', { s: 'slow' })
      const left = (at: number) =>
        timer(at, scheduler).pipe(map(() => broker.session('device')?.unacknowledged.length))
      expectObservable(left(5)).toBe('-----(n|)', { n: 2 })
      expectObservable(left(7)).toBe('-------(n|)', { n: 0 })
    }),

  'a subscription stands again on the next session': (core) =>
    marbles(({ broker, scheduler, publish, expectObservable, expectSubscribed }) => {
      const reconnect = { initial: 2, maximum: 2, jitter: 0 }
      const device = core.linkOver(broker.transport({ clientId: 'device' }), { scheduler, reconnect })
      const heard$ = device.messages$('echo').pipe(map(({ payload }) => new TextDecoder().decode(payload)))
      broker.play('              --I')
      publish('                  -a-b-c', {}, 'echo')
      expectObservable(heard$).toBe('-a---c')
      expectSubscribed('echo').toBe(['^-!', '----^'])
    }),

  'a repetition joins the one that runs, or gets the same answer': (core) =>
    marbles(({ broker, link, publish, expectObservable, expectPublished }) => {
      const device = link({ clientId: 'device' })
      let runs = 0
      const records$ = core.requests$(device, echoOf(core)).pipe(
        core.serve(() => of(`${(runs += 1)}`).pipe(delay(3, device.scheduler))),
        map(({ outcome }) => outcome),
      )
      expectObservable(records$).toBe('-----r', { r: 'answered' })
      publish('              --aa----a', { a: question })
      expectPublished('me').toBe('-----1--1')
      const left$ = timer(12, device.scheduler).pipe(
        map(() => broker.session('device')?.unacknowledged.length),
      )
      expectObservable(left$).toBe('------------(n|)', { n: 0 })
    }),

  'what lay retained is not answered': (core) =>
    marbles(({ broker, link, expectPublished, cold }) => {
      broker.publish({
        topic: 'echo',
        payload: toUtf8('x'),
        retain: true,
        responseTopic: 'me',
        correlationData: toUtf8('1'),
      })
      const device = link()
      cold('--a')
        .pipe(
          mergeMap(() => core.requests$(device, echoOf(core))),
          core.serve(() => of('y')),
        )
        .subscribe()
      expectPublished('me').toBe('')
    }),

  'what does not decode is answered 400, and what went wrong 500': (core) =>
    marbles(({ link, publish, expectPublished }) => {
      const { endpoint, requests$, serve, text } = core
      const careful = endpoint({ topic: 'echo', request: text, response: text })
      requests$(link(), careful)
        .pipe(
          serve(() => {
            throw new Error('no')
          }),
        )
        .subscribe()
      publish('              --ab', { a: { ...question, payload: Uint8Array.of(0xff) }, b: second })
      expectPublished('me').toBe('--xy', {
        x: { correlationData: '1', userProperties: saying(400, 'text/plain: not UTF-8') },
        y: {
          correlationData: '2',
          userProperties: [...saying(500, 'the handler failed'), ['__propName', 'Handler']],
        },
      })
    }),

  'no reply goes where the requests come': (core) =>
    marbles(({ link, publish, expectPublished }) => {
      core
        .requests$(link(), echoOf(core))
        .pipe(core.serve(() => of('y')))
        .subscribe()
      publish('--a', { a: { ...question, responseTopic: 'echo' } })
      expectPublished('echo').toBe('--a', { a: { payload: 'x' } })
    }),

  'a reply carries the token, and what is left of the time': (core) =>
    marbles(({ link, publish, expectPublished }) => {
      const device = link()
      core
        .requests$(device, echoOf(core))
        .pipe(core.serve(() => of('y').pipe(delay(1_500, device.scheduler))))
        .subscribe()
      publish('--a', { a: { ...question, messageExpiryInterval: 4 } })
      expectPublished('me').toBe('1502ms y', {
        y: {
          payload: 'y',
          correlationData: '1',
          messageExpiryInterval: 3,
          userProperties: [['__stat', '200']],
        },
      })
    }),

  'a handler is stopped when its caller gives up': (core) =>
    marbles(({ cold, link, publish, expectObservable, expectSubscriptions, expectPublished }) => {
      const work$ = cold('                     ------y')
      const records$ = core.requests$(link(), echoOf(core)).pipe(
        core.serve(() => work$),
        map(({ outcome }) => outcome),
      )
      publish('                                --a-c', { a: question, c: cancel })
      expectObservable(records$).toBe('        ----r', { r: 'cancelled' })
      expectSubscriptions(work$.subscriptions).toBe('--^-!')
      expectPublished('me').toBe('')
    }),

  'a handler is stopped when its caller waits no longer': (core) =>
    marbles(({ cold, link, publish, expectObservable, expectSubscriptions, expectTimers }) => {
      const work$ = cold('-')
      const records$ = core.requests$(link(), echoOf(core)).pipe(
        core.serve(() => work$),
        map(({ outcome }) => outcome),
      )
      publish('                                  --a', { a: { ...question, messageExpiryInterval: 1 } })
      expectObservable(records$).toBe('          1002ms r', { r: 'expired' })
      expectSubscriptions(work$.subscriptions).toBe('--^ 999ms !')
      expectTimers('2s |').toBe(0)
    }),

  'a request is over once, and leaves no timer': (core) =>
    marbles(({ link, publish, expectObservable, expectTimers }) => {
      const device = link()
      const records$ = core.requests$(device, echoOf(core)).pipe(
        core.serve(() => of('y').pipe(delay(2, device.scheduler)), { timeLimit: 20 }),
        map(({ outcome }) => outcome),
      )
      publish('                        --a', { a: { ...question, messageExpiryInterval: 1 } })
      expectObservable(records$).toBe('----r', { r: 'answered' })
      expectTimers('-----|').toBe(0)
    }),

  'no more requests run and wait than allowed; one more is busy': (core) =>
    marbles(({ cold, link, publish, expectSubscriptions, expectPublished }) => {
      const work$ = cold('                                ----(y|)')
      core
        .requests$(link(), echoOf(core))
        .pipe(core.serve(() => work$, { concurrency: 1, queue: 1 }))
        .subscribe()
      publish('                                         --(abc)', { a: question, b: second, c: third })
      expectSubscriptions(work$.subscriptions).toBe(['--^---!', '------^---!'])
      expectPublished('me').toBe('                      --b---y---z', {
        b: { correlationData: '3', payload: '', userProperties: saying(503, 'busy: ask again later') },
        y: { correlationData: '1', payload: 'y' },
        z: { correlationData: '2', payload: 'y' },
      })
    }),

  'a drained responder finishes, turns away and completes': (core) =>
    marbles(({ cold, link, publish, expectObservable, expectPublished }) => {
      const device = link()
      const records$ = core.requests$(device, echoOf(core)).pipe(
        core.serve(() => of('y').pipe(delay(4, device.scheduler)), { drain$: cold('----d') }),
        map(({ outcome }) => outcome[0]),
      )
      publish('                        --a--b--', { a: question, b: second })
      expectObservable(records$).toBe('-----b(a|)')
      expectPublished('me').toBe('     -----by', {
        b: { correlationData: '2', payload: '' },
        y: { correlationData: '1' },
      })
    }),
}

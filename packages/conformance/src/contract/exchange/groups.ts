import { exchange$, userProperty } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { delay, NEVER, Observable, of } from 'rxjs'
import { casesOf, expectFailure, numbers, type CaseContext, type CaseDefinition } from '../case-context.js'
import { recordStream } from '../record-stream.js'
import {
  correlatedBy,
  echoEndpoint,
  startPlainRequester,
  startResponder,
  statusOf,
  type StartedResponder,
  type EchoTypes,
} from './fixtures.js'
import { countingHandler, streamEndpoint, type StreamTypes } from './stream-fixtures.js'

const GROUP = { group: 'workers' } as const

/** The numbers of members with which the cases run. */
const SIZES = [2, 3, 10] as const

/** Starts the members of a group that serves `echo`. */
async function startMembers(
  context: CaseContext,
  size: number,
  handler: (value: string, member: StartedMember) => Observable<string>,
): Promise<readonly StartedResponder<EchoTypes>[]> {
  const members = []
  for (let index = 0; index < size; index++) {
    const link = context.link()
    const requests = { ...GROUP, acknowledge: 'on-start' } as const
    members.push(
      await startResponder(context, echoEndpoint(context), ({ value }) => handler(value, { index, link }), {
        link,
        requests,
      }),
    )
  }
  return members
}

/** A member as its handler sees it. */
interface StartedMember {
  readonly index: number
  readonly link: ReturnType<CaseContext['link']>
}

/** The cases of exchange control messages in groups. */
export const groupCases: readonly CaseDefinition[] = casesOf(
  'groups',
  ...SIZES.map((size) => ({
    name: `cancels all of 31 requests in a group of ${size}`,
    needs: ['properties', 'shared'] as const,
    run: async (context: CaseContext): Promise<void> => {
      let stopped = 0
      const members = await startMembers(
        context,
        size,
        () => new Observable<string>(() => () => (stopped += 1)),
      )
      const link = context.link()
      const exchanges = numbers(31).map((value) =>
        recordStream(exchange$(link, echoEndpoint(context), value, { timeout: 60_000 })),
      )
      const started = (): number => members.reduce((sum, member) => sum + member.started.values.length, 0)
      while (started() < 31) await context.settle()
      for (const exchange of exchanges) exchange.unsubscribe()
      const outcomes = (): readonly string[] =>
        members.flatMap(({ records }) => records.values.map(({ outcome }) => outcome))
      for (let round = 0; round < 100 && outcomes().length < 31; round++) await context.settle()
      expectEqual(
        outcomes(),
        numbers(31).map(() => 'cancelled'),
        'the outcomes',
      )
      expectEqual(stopped, 31, 'the number of stopped handlers')
    },
  })),
  ...SIZES.map((size) => ({
    name: `streams 500 items at a credit of 16 from a group of ${size}`,
    needs: ['properties', 'shared'] as const,
    run: async (context: CaseContext): Promise<void> => {
      for (let index = 0; index < size; index++) await startStreamMember(context)
      const options = { credit: 16, timeout: 10_000 }
      const stream = recordStream(exchange$(context.link(), streamEndpoint(context), '500', options))
      expectEqual(await context.eventually(stream.ended()), 'complete', 'the end of the stream')
      expectEqual(stream.values, numbers(500), 'the items')
    },
  })),
  ...SIZES.map((size) => ({
    name: `runs a request once in a group of ${size} while it is retried`,
    needs: ['properties', 'shared'] as const,
    run: async (context: CaseContext): Promise<void> => {
      const members = await startMembers(context, size, (value, { link }) =>
        of(value).pipe(delay(1_000, link.scheduler)),
      )
      const options = { timeout: 10_000, retry: { count: 3, attemptTimeout: 300 } }
      const exchange = recordStream(exchange$(context.link(), echoEndpoint(context), 'x', options))
      expectEqual(await context.eventually(exchange.until(1)), ['x'], 'the response')
      await context.settle()
      const runs = members.map(({ started }) => started.values.length)
      expectEqual(
        runs.reduce((sum, count) => sum + count),
        1,
        'the number of handler runs',
      )
    },
  })),
  {
    name: 'retries at another member when the one that accepted the request is gone',
    needs: ['properties', 'shared', 'cut'],
    run: async (context) => {
      const handlers: StartedMember[] = []
      const members = await startMembers(context, 2, (value, member) => {
        handlers.push(member)
        return handlers.length === 1 ? NEVER : of(`${value} again`)
      })
      const options = { timeout: 10_000, retry: { count: 1, attemptTimeout: 1_000 } }
      const exchange = recordStream(exchange$(context.link(), echoEndpoint(context), 'x', options))
      while (handlers.length === 0) await context.settle()
      await context.settle()
      const [first] = handlers
      expectThat(first !== undefined, 'expected a member to receive the request')
      await context.cut(first.link)
      expectEqual(await context.eventually(exchange.until(1)), ['x again'], 'the response')
      expectEqual(members.length, 2, 'the number of members')
      expectThat(handlers[1]?.index !== first.index, 'expected the other member to run the handler')
    },
  },
  {
    name: 'refuses a request in chunks to a group once, with 400 and the property',
    needs: ['properties', 'shared'],
    run: async (context) => {
      await startMembers(context, 2, of)
      const requester = await startPlainRequester(context, context.topic('echo'))
      for (const header of ['0:3:9:e3069283', '1:3:9', '2:3:9'])
        await requester.sendRequest('123', {
          ...correlatedBy('large'),
          userProperties: [['__chunk', header]],
        })
      await context.eventually(requester.responses.until(1))
      await context.settle()
      expectEqual(
        requester.responses.values.map((response) => [
          statusOf(response),
          userProperty(response.userProperties, '__propName'),
        ]),
        [['400', '__chunk']],
        'the responses',
      )
    },
  },
  {
    name: 'sends a requester without an attempt number neither an acceptance nor a control topic',
    needs: ['properties', 'shared'],
    run: async (context) => {
      await startMembers(context, 2, (value, { link }) => of(value).pipe(delay(500, link.scheduler)))
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('x')
      await context.eventually(requester.responses.until(1))
      await context.settle()
      expectEqual(
        requester.responses.values.map(({ userProperties }) => userProperties),
        [[['__stat', '200']]],
        'the User Properties of the responses',
      )
    },
  },
  {
    name: 'fails a request with credit at once if the control topic is refused',
    needs: ['properties', 'refuse-subscribe'],
    run: async (context) => {
      const controlTopic = context.topic('control')
      await context.refuseSubscribe(controlTopic, 0x87)
      await startResponder(context, streamEndpoint(context), countingHandler().handler, {
        requests: { controlTopic },
      })
      await context.settle()
      const stream = recordStream(
        exchange$(context.link(), streamEndpoint(context), '100', { credit: 16, timeout: 60_000 }),
      )
      const { status } = expectFailure(await context.eventually(stream.ended()), 'status')
      expectEqual([status?.code, status?.propertyName], [400, '__credit'], 'the status and the property')
      const unlimited = recordStream(exchange$(context.link(), streamEndpoint(context), '3'))
      expectEqual(await context.eventually(unlimited.ended()), 'complete', 'the end without credit')
    },
  },
)

function startStreamMember(context: CaseContext): Promise<StartedResponder<StreamTypes>> {
  return startResponder(context, streamEndpoint(context), countingHandler().handler, {
    link: context.link(),
    requests: GROUP,
  })
}

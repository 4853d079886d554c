import { localService } from '@antiphon/aws-iot/local'
import { createBroker } from '@antiphon/broker'
import {
  commandEndpoint,
  commandRejections$,
  serveCommands$,
  updateCommand$,
  type CommandHandler,
} from '@antiphon/aws-iot'
import { ApplicationError, exchange$, json } from '@antiphon/core'
import { virtualBroker } from '@antiphon/testing'
import * as t from 'io-ts'
import { concatMap, delay, EMPTY, firstValueFrom, map, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { frame } from '@antiphon/workshop/virtual-world'
import { inWorld, outcome, type World } from './world.js'

const Restart = t.type({ operation: t.literal('restart') })
type Restart = t.TypeOf<typeof Restart>
const lamp = { thing: 'lamp' }
const restart = { executionId: '2bd65c51', payload: { operation: 'restart' } }
const base = '$aws/commands/things/lamp/executions/2bd65c51'

/** Serves a command, and returns the statuses of its execution. */
function run(
  { link, record, advance, service }: World,
  handler: CommandHandler<Restart>,
  command: { readonly executionId: string; readonly payload: unknown } = restart,
) {
  record(serveCommands$(link, json(Restart), handler, lamp))
  advance(20)
  const { values } = record(service.startCommand(lamp, command))
  advance(40)
  return values
}

describe('serveCommands$', () => {
  it('ends an execution as SUCCEEDED with the first result of the handler', () => {
    inWorld((world) => {
      const { link } = world
      const executions: string[] = []
      const statuses = run(world, ({ value, params }) => {
        executions.push(`${params.execution} ${value.operation}`)
        return of({ uptime: '0', isOn: true }, { uptime: '1' }).pipe(delay(5, link.scheduler))
      })
      expect(executions).toEqual(['2bd65c51 restart'])
      expect(statuses).toEqual([
        { executionId: '2bd65c51', status: 'CREATED' },
        { executionId: '2bd65c51', status: 'SUCCEEDED', result: { uptime: { s: '0' }, isOn: { b: true } } },
      ])
    })
  })

  it('ends an execution without a result if the handler completes', () => {
    inWorld((world) => {
      expect(run(world, () => EMPTY).at(-1)).toEqual({
        executionId: '2bd65c51',
        status: 'SUCCEEDED',
        result: {},
      })
    })
  })

  it('reports progress before the result', () => {
    inWorld((world) => {
      const { link } = world
      const statuses = run(world, ({ params }) => {
        const statusReason = { reasonCode: 'STARTED' }
        const progress = { status: 'IN_PROGRESS', statusReason } as const
        return updateCommand$(link, params.execution, progress, lamp).pipe(map(() => ({})))
      })
      expect(statuses.map(({ status }) => status)).toEqual(['CREATED', 'IN_PROGRESS', 'SUCCEEDED'])
      expect(statuses[1]).toMatchObject({ statusReason: { reasonCode: 'STARTED' } })
    })
  })

  it.each([
    [
      'an ApplicationError',
      new ApplicationError({ code: 'too busy', message: 'later' }),
      { reasonCode: 'TOO_BUSY', reasonDescription: 'later' },
    ],
    [
      'another error',
      new Error('secret'),
      { reasonCode: 'STATUS_500', reasonDescription: 'the handler failed' },
    ],
  ])('ends an execution as FAILED if the handler fails with %s', (_, error, statusReason) => {
    inWorld((world) => {
      expect(run(world, () => throwError(() => error)).at(-1)).toEqual({
        executionId: '2bd65c51',
        status: 'FAILED',
        statusReason,
      })
    })
  })

  it('ends an execution as FAILED if the handler throws, and as TIMED_OUT if it takes too long', () => {
    inWorld((world) => {
      const { link, record, advance, service } = world
      const handler: CommandHandler<Restart> = () => {
        throw new ApplicationError({ code: 'E1' })
      }
      expect(run(world, handler).at(-1)).toMatchObject({
        status: 'FAILED',
        statusReason: { reasonCode: 'E1' },
      })
      const door = { client: 'door' }
      record(
        serveCommands$(link, json(Restart), () => of({}).pipe(delay(100, link.scheduler)), door, {
          handlerTimeout: 10,
        }),
      )
      advance(20)
      const { values } = record(service.startCommand(door, restart))
      advance(40)
      expect(values.at(-1)).toMatchObject({
        status: 'TIMED_OUT',
        statusReason: { reasonCode: 'STATUS_408', reasonDescription: 'the handler exceeded 10 ms' },
      })
    })
  })

  it('ends an execution as REJECTED if its payload does not decode', () => {
    inWorld((world) => {
      const statuses = run(world, () => EMPTY, { ...restart, payload: { operation: 'explode' } })
      expect(statuses.at(-1)).toMatchObject({
        status: 'REJECTED',
        statusReason: {
          reasonCode: 'STATUS_400',
          reasonDescription: expect.stringContaining('$.operation') as string,
        },
      })
    })
  })

  it('runs a command once that is delivered twice, and reports the rejected second update', () => {
    inWorld((world) => {
      const { link, record, advance, publish } = world
      const rejections = record(commandRejections$(link, lamp)).values
      let runs = 0
      run(world, () => {
        runs += 1
        return EMPTY
      })
      publish(`${base}/request/json`, restart.payload)
      advance(20)
      expect(runs).toBe(1)
      expect(rejections).toEqual([
        {
          error: 'InvalidStateTransition',
          errorMessage: 'The command execution 2bd65c51 has ended',
          executionId: '2bd65c51',
        },
      ])
    })
  })

  it('fails an invalid name in the stream', () => {
    inWorld((world) => {
      const { link } = world
      const invalid = { thing: 'lamp/#' }
      const failed = { code: 'invalid-argument' }
      expect(
        outcome(
          world,
          serveCommands$(link, json(Restart), () => EMPTY, invalid),
        ),
      ).toMatchObject(failed)
      expect(outcome(world, commandRejections$(link, invalid))).toMatchObject(failed)
      expect(outcome(world, updateCommand$(link, 'x', { status: 'FAILED' }, invalid))).toMatchObject(failed)
    })
  })
})

describe('updateCommand$', () => {
  it('fails with the error that the service names', () => {
    inWorld((world) => {
      const { link } = world
      expect(outcome(world, updateCommand$(link, 'unknown', { status: 'IN_PROGRESS' }, lamp))).toMatchObject({
        code: 'status',
        endpoint: 'aws-iot update command',
        status: { code: 404, applicationCode: 'ResourceNotFound' },
      })
    })
  })

  it.each([
    [{ error: 'DataConflict' }, { code: 500, applicationCode: 'DataConflict' }],
    [
      { error: 'RequestThrottled', errorMessage: 'slower' },
      { code: 429, message: 'slower' },
    ],
  ])('fails with the rejection %o', (rejection, status) => {
    inWorld(({ broker: { scheduler }, record, advance }) => {
      const broker = virtualBroker({ scheduler })
      const { error } = record(
        updateCommand$(broker.link(), 'other', { status: 'IN_PROGRESS' }, { thing: 'door' }),
      )
      const topic = '$aws/commands/things/door/executions/other/response/rejected/json'
      advance(20)
      broker.publish({ topic, payload: frame(rejection), qos: 1 })
      advance(40)
      expect(error()?.status).toMatchObject(status)
    })
  })
})

describe('the commands of the local service', () => {
  it('times out an execution, which its device may still end', () => {
    inWorld((world) => {
      const { link, record, advance, service } = world
      const { values } = record(service.startCommand(lamp, { ...restart, timeout: 5 }))
      advance(6_000)
      expect(values.at(-1)).toEqual({
        executionId: '2bd65c51',
        status: 'TIMED_OUT',
        statusReason: { reasonCode: '$NO_RESPONSE_FROM_DEVICE' },
      })
      expect(outcome(world, updateCommand$(link, '2bd65c51', { status: 'SUCCEEDED' }, lamp))).toEqual([
        { executionId: '2bd65c51' },
      ])
      expect(values.at(-1)).toMatchObject({ status: 'SUCCEEDED' })
    })
  })

  it('keeps the time of an execution in progress', () => {
    inWorld((world) => {
      const { link, record, advance, service } = world
      const { values } = record(service.startCommand(lamp, restart))
      outcome(world, updateCommand$(link, '2bd65c51', { status: 'IN_PROGRESS' }, lamp))
      advance(11_000)
      expect(values.map(({ status }) => status)).toEqual(['CREATED', 'IN_PROGRESS', 'TIMED_OUT'])
    })
  })

  it('sends the payload with the timeout as expiry', () => {
    inWorld(({ broker, record, advance, service }) => {
      const sent = record(broker.published$).values
      service.startCommand(lamp, { ...restart, timeout: 5 })
      advance(20)
      expect(sent.map(({ message }) => message)).toMatchObject([
        { topic: `${base}/request/json`, contentType: 'application/json', messageExpiryInterval: 5 },
      ])
    })
  })

  it.each<readonly [string, string, object | string]>([
    ['InvalidJson', 'Invalid JSON', '['],
    ['InvalidRequest', 'Invalid status: CREATED', { status: 'CREATED' }],
    ...[1, {}, { reasonCode: 'lower' }, { reasonCode: 'A', reasonDescription: 1 }].map(
      (statusReason) =>
        ['InvalidRequest', 'Invalid statusReason', { status: 'FAILED', statusReason }] as const,
    ),
    ...[1, { a: 1 }].map(
      (result) => ['InvalidRequest', 'Invalid result', { status: 'SUCCEEDED', result }] as const,
    ),
  ])('rejects with %s %s: %o', (error, errorMessage, payload) => {
    inWorld(({ publish, received, service, handled }) => {
      service.startCommand(lamp, restart)
      publish(`${base}/response/json`, payload)
      expect(received(`${base}/response/rejected/json`)).toEqual([
        { error, errorMessage, executionId: '2bd65c51' },
      ])
      expect(handled).toEqual([{ topic: `${base}/response/json`, rejected: error }])
    })
  })
})

it('serves a sequence of commands', () => {
  inWorld((world) => {
    const { link, record, advance, service } = world
    record(serveCommands$(link, json(Restart), () => of({ ok: true }), lamp))
    advance(20)
    const ids$ = of('a', 'b').pipe(
      concatMap((executionId) => service.startCommand(lamp, { ...restart, executionId })),
    )
    const { values } = record(ids$)
    advance(100)
    expect(values.map(({ executionId, status }) => `${executionId} ${status}`)).toEqual([
      'a CREATED',
      'a SUCCEEDED',
      'b CREATED',
      'b SUCCEEDED',
    ])
  })
})

it('sends a command to any device, and reads why it has failed', () => {
  inWorld((world) => {
    const { broker, link, record, advance } = world
    const params = { kind: 'clients', device: 'door', execution: '7' }
    const { error } = record(
      exchange$(link, commandEndpoint(json(Restart)), { params, value: restart.payload as Restart }),
    )
    advance(20)
    const topic = '$aws/commands/clients/door/executions/7/response/json'
    broker.publish({ topic, payload: frame({ status: 'TIMED_OUT' }), qos: 1 })
    advance(20)
    expect(error()).toMatchObject({ code: 'status', status: { code: 408 } })
  })
})

it('does not fail when a command is started after the link was closed', async () => {
  const broker = createBroker()
  const link = broker.link()
  const service = localService(link)
  await link.close()
  const first = await firstValueFrom(service.startCommand(lamp, { ...restart, timeout: 0.01 }))
  expect(first.status).toBe('CREATED')
  await broker.close()
})

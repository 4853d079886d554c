import { describeJob$, jobs$, nextJob$, pendingJobs$, startNextJob$, updateJob$ } from '@antiphon/aws-iot'
import { virtualBroker } from '@antiphon/testing'
import { describe, expect, it } from 'vitest'
import { fieldsOf, frame } from '@antiphon/workshop/virtual-world'
import { inWorld, outcome } from './world.js'

const lamp = { thing: 'lamp' }
const prefix = '$aws/things/lamp/jobs'
const first = { jobId: 'first', document: { url: 'https://first' } }
const second = { jobId: 'second', document: { url: 'https://second' } }

describe('jobs', () => {
  it('lists, starts, describes and updates the executions of a thing', () => {
    inWorld((world) => {
      const { link, service } = world
      service.createJob('lamp', first)
      service.createJob('lamp', second)
      service.createJob('door', first)
      expect(outcome(world, pendingJobs$(link, lamp))).toMatchObject([
        { inProgressJobs: [], queuedJobs: [{ jobId: 'first', versionNumber: 1 }, { jobId: 'second' }] },
      ])
      expect(
        outcome(world, startNextJob$(link, { statusDetails: { step: 'download' } }, lamp)),
      ).toMatchObject([
        {
          jobId: 'first',
          thingName: 'lamp',
          jobDocument: { url: 'https://first' },
          status: 'IN_PROGRESS',
          statusDetails: { step: 'download' },
          versionNumber: 2,
        },
      ])
      expect(outcome(world, startNextJob$(link, { statusDetails: { step: 'x' } }, lamp))).toMatchObject([
        { jobId: 'first', statusDetails: { step: 'download' }, versionNumber: 2 },
      ])
      expect(outcome(world, pendingJobs$(link, lamp))).toMatchObject([
        { inProgressJobs: [{ jobId: 'first' }], queuedJobs: [{ jobId: 'second' }] },
      ])
      const included = { includeJobExecutionState: true, includeJobDocument: true }
      const update$ = updateJob$(
        link,
        'first',
        { status: 'SUCCEEDED', expectedVersion: 2, ...included },
        lamp,
      )
      expect(outcome(world, update$)).toMatchObject([
        {
          executionState: { status: 'SUCCEEDED', versionNumber: 3, statusDetails: { step: 'download' } },
          jobDocument: { url: 'https://first' },
        },
      ])
      const whole = outcome(world, describeJob$(link, 'second', lamp))
      expect(whole).toMatchObject([{ jobId: 'second', jobDocument: { url: 'https://second' } }])
      const described = outcome(world, describeJob$(link, '$next', lamp, { includeJobDocument: false }))
      expect(described).toMatchObject([{ jobId: 'second', status: 'QUEUED' }])
      expect((described as readonly object[])[0]).not.toHaveProperty('jobDocument')
      expect(outcome(world, updateJob$(link, 'second', { status: 'REJECTED' }, lamp))).toMatchObject([{}])
      expect(outcome(world, startNextJob$(link, {}, lamp))).toEqual([undefined])
      expect(outcome(world, describeJob$(link, '$next', lamp))).toEqual([undefined])
      expect(outcome(world, pendingJobs$(link, lamp))).toMatchObject([{ inProgressJobs: [], queuedJobs: [] }])
      expect(service.job('lamp', 'first')).toMatchObject({ status: 'SUCCEEDED' })
      expect(service.job('door', 'first')).toMatchObject({ status: 'QUEUED' })
    })
  })

  it('fails an update with a stale version by the status 409, with the state of the execution', () => {
    inWorld((world) => {
      const { link, service } = world
      service.createJob('lamp', first)
      const stale = outcome(
        world,
        updateJob$(link, 'first', { status: 'IN_PROGRESS', expectedVersion: 7 }, lamp),
      )
      expect(stale).toMatchObject({
        code: 'status',
        endpoint: 'aws-iot update job',
        status: {
          code: 409,
          applicationCode: 'VersionMismatch',
          applicationPayload: '{"status":"QUEUED","versionNumber":1}',
        },
      })
    })
  })

  it('fails an update of an execution that has ended, and a description of it', () => {
    inWorld((world) => {
      const { link, service } = world
      service.createJob('lamp', first)
      outcome(world, updateJob$(link, 'first', { status: 'FAILED' }, lamp))
      expect(outcome(world, updateJob$(link, 'first', { status: 'IN_PROGRESS' }, lamp))).toMatchObject({
        status: { code: 409, applicationCode: 'InvalidStateTransition' },
      })
      expect(outcome(world, describeJob$(link, 'first', lamp))).toMatchObject({
        status: { code: 410, applicationCode: 'TerminalStateReached' },
      })
      service.cancelJob('lamp', 'first')
      service.cancelJob('lamp', 'unknown')
      expect(service.job('lamp', 'first')?.status).toBe('FAILED')
    })
  })

  it('fails requests about an execution that does not exist with the status 404', () => {
    inWorld((world) => {
      const { link, service } = world
      const missing = { code: 'status', status: { code: 404, applicationCode: 'ResourceNotFound' } }
      expect(outcome(world, describeJob$(link, 'first', lamp))).toMatchObject(missing)
      expect(outcome(world, updateJob$(link, 'first', { status: 'FAILED' }, lamp))).toMatchObject(missing)
      service.createJob('lamp', first)
      expect(outcome(world, describeJob$(link, 'first', lamp, { executionNumber: 2 }))).toMatchObject(missing)
    })
  })

  it('emits changed lists and the next job', () => {
    inWorld((world) => {
      const { link, service, record, advance } = world
      const lists = record(jobs$(link, lamp)).values
      const next = record(nextJob$(link, lamp)).values
      advance(20)
      service.createJob('lamp', first)
      service.createJob('lamp', second)
      outcome(world, updateJob$(link, 'second', { status: 'IN_PROGRESS' }, lamp))
      outcome(world, updateJob$(link, 'second', { status: 'SUCCEEDED' }, lamp))
      service.cancelJob('lamp', 'first')
      advance(20)
      expect(lists.map(({ QUEUED, IN_PROGRESS }) => [QUEUED?.length, IN_PROGRESS?.length])).toEqual([
        [1, undefined],
        [2, undefined],
        [1, 1],
        [1, undefined],
        [undefined, undefined],
      ])
      expect(next.map((execution) => execution?.jobId)).toEqual(['first', 'second', 'first', undefined])
      expect(next[0]).toMatchObject({ jobDocument: { url: 'https://first' } })
    })
  })

  it('ignores and reports malformed notifications', () => {
    inWorld(({ link, record, advance, publish }) => {
      let ignored = 0
      const options = { ...lamp, onIgnored: () => void (ignored += 1) }
      const lists = record(jobs$(link, options)).values
      const next = record(nextJob$(link, options)).values
      advance(20)
      for (const payload of [
        '{',
        { jobs: [] },
        { jobs: { QUEUED: {} } },
        { jobs: { QUEUED: [{ jobId: 1 }] } },
      ])
        publish(`${prefix}/notify`, payload)
      for (const payload of ['', { execution: 1 }, { execution: { jobId: 'first' } }])
        publish(`${prefix}/notify-next`, payload)
      publish(`${prefix}/notify`, { jobs: {} })
      publish(`${prefix}/notify-next`, {})
      expect(ignored).toBe(7)
      expect(lists).toEqual([{}])
      expect(next).toEqual([undefined])
    })
  })
})

it.each([
  [{ code: 'Strange' }, { code: 500, applicationCode: 'Strange' }],
  [{ code: 503 }, { code: 503 }],
])('fails with the rejection %o, which has no text', (rejection, status) => {
  inWorld(({ broker: { scheduler }, record, advance }) => {
    const broker = virtualBroker({ scheduler })
    const sent = record(broker.published$).values
    const { error } = record(pendingJobs$(broker.link(), lamp))
    advance(20)
    const { clientToken } = fieldsOf(sent[0]?.message ?? { payload: frame({}) })
    broker.publish({ topic: `${prefix}/get/rejected`, payload: frame({ ...rejection, clientToken }), qos: 1 })
    advance(20)
    expect(error()?.status).toEqual({ ...status, isApplicationError: expect.any(Boolean) as boolean })
  })
})

describe('the jobs of the local service', () => {
  it('ends an execution as TIMED_OUT when its step timeout elapses', () => {
    inWorld((world) => {
      const { link, service, advance } = world
      service.createJob('lamp', first)
      outcome(world, startNextJob$(link, { stepTimeoutInMinutes: 1 }, lamp))
      advance(50_000)
      outcome(world, updateJob$(link, 'first', { status: 'IN_PROGRESS', stepTimeoutInMinutes: 2 }, lamp))
      advance(100_000)
      outcome(world, updateJob$(link, 'first', { status: 'IN_PROGRESS' }, lamp))
      expect(service.job('lamp', 'first')).toMatchObject({ status: 'IN_PROGRESS', versionNumber: 4 })
      advance(30_000)
      expect(service.job('lamp', 'first')).toMatchObject({ status: 'TIMED_OUT', versionNumber: 5 })
      service.createJob('lamp', second)
      outcome(world, startNextJob$(link, { stepTimeoutInMinutes: 1 }, lamp))
      outcome(world, updateJob$(link, 'second', { status: 'SUCCEEDED' }, lamp))
      advance(100_000)
      expect(service.job('lamp', 'second')?.status).toBe('SUCCEEDED')
    })
  })

  it.each<readonly [string, string, object | string]>([
    ['InvalidJson', 'Invalid JSON', '{'],
    ['InvalidJson', 'Unsupported documented encoding; supported encoding is UTF-8', Uint8Array.of(0xff)],
    ['InvalidRequest', 'Invalid clientToken', { clientToken: 1 }],
    ['InvalidRequest', 'Invalid status: undefined', {}],
    ['InvalidRequest', 'Invalid status: CANCELED', { status: 'CANCELED' }],
    [
      'InvalidRequest',
      'Invalid statusDetails: they must be texts by name',
      { status: 'FAILED', statusDetails: { step: 1 } },
    ],
    [
      'InvalidRequest',
      'Invalid statusDetails: they must be texts by name',
      { status: 'FAILED', statusDetails: 1 },
    ],
    ...[0, 1.5, 10_081].map(
      (stepTimeoutInMinutes) =>
        [
          'InvalidRequest',
          'Invalid stepTimeoutInMinutes: it must be from 1 to 10080',
          { status: 'IN_PROGRESS', stepTimeoutInMinutes },
        ] as const,
    ),
  ])('rejects with %s %s: %o', (code, message, payload) => {
    inWorld(({ publish, received, service, handled }) => {
      service.createJob('lamp', first)
      publish(`${prefix}/first/update`, payload)
      expect(received(`${prefix}/first/update/rejected`)).toEqual([{ code, message, timestamp: 0 }])
      expect(handled).toEqual([{ topic: `${prefix}/first/update`, rejected: code }])
    })
  })

  it('lists at most 15 executions in a notification, and answers requests without a token', () => {
    inWorld(({ publish, received, service, advance }) => {
      for (let number = 0; number < 20; number++)
        service.createJob('lamp', { jobId: `${number}`, document: 1 })
      advance(20)
      const lists = received(`${prefix}/notify`) as readonly {
        readonly jobs: { readonly QUEUED: readonly unknown[] }
      }[]
      expect(lists.map(({ jobs }) => jobs.QUEUED.length)).toEqual([
        ...Array.from({ length: 15 }, (_, index) => index + 1),
        15,
        15,
        15,
        15,
        15,
      ])
      publish(`${prefix}/get`, '')
      const [pending] = received(`${prefix}/get/accepted`) as readonly {
        readonly queuedJobs: readonly unknown[]
      }[]
      expect(pending?.queuedJobs).toHaveLength(20)
    })
  })
})

import type { Link, Message } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { map, merge, type Observable } from 'rxjs'
import type { CommandDevice } from '../commands/commands.js'
import type { JobExecution } from '../jobs/executions.js'
import type { JsonObject, ShadowDocument } from '../shadow/documents.js'
import type { ShadowName } from '../shadow/shadow.js'
import { CommandService, type LocalExecution } from './command-service.js'
import { ThingJobs, type LocalJob } from './job-service.js'
import { readRequest, readToken, type ReadingCodes } from './read-request.js'
import type { Rejected } from './rejected.js'
import { ShadowService } from './shadow-service.js'

/** A request that a local service has handled. */
export interface HandledRequest {
  readonly topic: string
  /** The code or name of the error; absent if the request was accepted. */
  readonly rejected?: number | string
}

/** A command to be sent to a device. */
export interface LocalCommand {
  /** The id of the execution, which is new. */
  readonly executionId: string
  /** The payload, as JSON. */
  readonly payload: unknown
  /** Seconds after which the execution becomes `TIMED_OUT`, although its device may still end it. @defaultValue 10 */
  readonly timeout?: number
}

/** A stand-in of AWS IoT Core, for tests and for development without an account. */
export interface LocalService {
  /** Handles requests while it is subscribed to, and emits each of them. */
  readonly handled$: Observable<HandledRequest>
  /** Returns a shadow. */
  readonly shadow: (name: ShadowName) => ShadowDocument | undefined
  /** Queues the execution of a job by a thing. */
  readonly createJob: (thing: string, job: LocalJob) => void
  /** Cancels the execution of a job by a thing, unless it has ended. */
  readonly cancelJob: (thing: string, jobId: string) => void
  /** Returns the execution of a job by a thing. */
  readonly job: (thing: string, jobId: string) => JobExecution | undefined
  /** Sends a command, and returns its execution, then each change of it until its device has ended it. */
  readonly startCommand: (device: CommandDevice, command: LocalCommand) => Observable<LocalExecution>
}

const SHADOW_CODES: ReadingCodes = [415, 400, 400]
const OTHER_CODES: ReadingCodes = ['InvalidJson', 'InvalidJson', 'InvalidRequest']

type Publish = (topic: string, document: object, messageExpiryInterval?: number) => void

/** Creates a service on a link to a broker, real or virtual. Every client of the broker may use every thing. */
export function localService(link: Link): LocalService {
  const publish: Publish = (topic, document, messageExpiryInterval) => {
    const message = { topic, payload: toUtf8(JSON.stringify(document)), qos: 1 as const }
    const expiry = messageExpiryInterval === undefined ? {} : { messageExpiryInterval }
    link.publish$({ ...message, ...expiry, contentType: 'application/json' }).subscribe({
      // The link was closed: the message reaches no client.
      error: () => undefined,
    })
  }
  const now = (): number => Math.floor(link.scheduler.now() / 1_000)
  const shadows = new ShadowService()
  const commands = new CommandService(link.scheduler)
  const things = new Map<string, ThingJobs>()
  const jobsOf = (thing: string): ThingJobs => {
    const existing = things.get(thing)
    if (existing !== undefined) return existing
    const notify = (kind: string, document: object): void =>
      publish(`$aws/things/${thing}/jobs/${kind}`, document)
    const jobs = new ThingJobs(thing, notify, link.scheduler)
    things.set(thing, jobs)
    return jobs
  }

  const handleShadow = ({ topic, payload }: Message): HandledRequest => {
    const [, , thing = '', , ...rest] = topic.split('/')
    const name = nameOf({ thing, shadow: rest.length === 1 ? undefined : rest[1] })
    return respond(topic, payload, SHADOW_CODES, (request, token) => {
      const notify = (kind: string, document: object): void =>
        publish(`${topic}/${kind}`, { ...document, ...token })
      if (rest.at(-1) === 'update') return shadows.update(name, request, now(), notify)
      return rest.at(-1) === 'get' ? shadows.get(name) : shadows.delete(name, now())
    })
  }
  const handleJob = ({ topic, payload }: Message): HandledRequest => {
    const [, , thing = '', , ...rest] = topic.split('/')
    const jobs = jobsOf(thing)
    return respond(topic, payload, OTHER_CODES, (request) => {
      const [job = '', operation] = rest
      if (operation === undefined) return job === 'get' ? jobs.pending() : jobs.startNext(request)
      return operation === 'get' ? jobs.describe(job, request) : jobs.update(job, request)
    })
  }
  const handleCommand = ({ topic, payload }: Message): HandledRequest => {
    const base = topic.slice(0, -'/response/json'.length)
    const executionId = base.slice(base.lastIndexOf('/') + 1)
    const respondOn = (kind: string, document: object): void =>
      publish(`${base}/response/${kind}/json`, document)
    try {
      respondOn('accepted', commands.update(base, executionId, readRequest(payload, OTHER_CODES)))
      return { topic }
    } catch (error) {
      // The services throw nothing else.
      const { code, message } = error as Rejected
      respondOn('rejected', { error: code, errorMessage: message, executionId })
      return { topic, rejected: code }
    }
  }
  const respond = (
    topic: string,
    payload: Uint8Array,
    codes: ReadingCodes,
    run: (request: JsonObject, token: object) => object,
  ): HandledRequest => {
    let token: object = {}
    try {
      const request = readRequest(payload, codes)
      token = readToken(request, codes)
      publish(`${topic}/accepted`, { timestamp: now(), ...run(request, token), ...token })
      return { topic }
    } catch (error) {
      // The services throw nothing else.
      const { code, message, fields } = error as Rejected
      publish(`${topic}/rejected`, { code, message, ...fields, timestamp: now(), ...token })
      return { topic, rejected: code }
    }
  }

  const handlers: readonly (readonly [string, (message: Message) => HandledRequest])[] = [
    ...['get', 'update', 'delete'].flatMap((operation) => [
      [`$aws/things/+/shadow/${operation}`, handleShadow] as const,
      [`$aws/things/+/shadow/name/+/${operation}`, handleShadow] as const,
    ]),
    ...['get', 'start-next', '+/get', '+/update'].map(
      (operation) => [`$aws/things/+/jobs/${operation}`, handleJob] as const,
    ),
    ['$aws/commands/+/+/executions/+/response/json', handleCommand],
  ]
  return {
    handled$: merge(...handlers.map(([filter, handle]) => link.messages$(filter).pipe(map(handle)))),
    shadow: (name) => shadows.find(nameOf(name)),
    createJob: (thing, job) => jobsOf(thing).create(job),
    cancelJob: (thing, jobId) => jobsOf(thing).cancel(jobId),
    job: (thing, jobId) => jobsOf(thing).get(jobId),
    startCommand: (device, { executionId, payload, timeout = 10 }) => {
      const target = 'thing' in device ? `things/${device.thing}` : `clients/${device.client}`
      const base = `$aws/commands/${target}/executions/${executionId}`
      const execution$ = commands.start(base, executionId, timeout)
      publish(`${base}/request/json`, payload as object, timeout)
      return execution$
    },
  }
}

/** Returns the name of a shadow in the texts of AWS. */
function nameOf({ thing, shadow }: ShadowName): string {
  return shadow === undefined ? thing : `${thing}~${shadow}`
}

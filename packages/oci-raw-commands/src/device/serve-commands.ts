import {
  bytes,
  endpoint,
  requests$,
  serve,
  topicParams,
  type Endpoint,
  type Link,
  type Message,
  type ReceivedRequest,
  type ServeRecord,
} from '@antiphon/core'
import { topicTemplate } from '@antiphon/core/topic'
import { defaultIfEmpty, defer, map, Observable, Subject, tap } from 'rxjs'
import { acknowledgement, failure } from './acknowledgement.js'
import type { CommandHandler } from './on-command.js'
import { commandTopics, type CommandTopics } from './command-topics.js'
import { isShutdown } from './shutdown.js'

/** The options of `serveCommands`. */
export interface CommandsOptions {
  /** The topic levels before `/cmd`; a level may be `+`. @defaultValue 'iot/v1' */
  readonly base?: string
  /** The first handler whose topic matches handles a command. @defaultValue none: every command is acknowledged */
  readonly handlers?: readonly CommandHandler[]
}

/** An event of a command. */
export type CommandEvent =
  | { readonly event: 'received'; readonly command: Message; readonly isShutdown: boolean }
  | {
      readonly event: 'responding'
      readonly command: Message
      readonly topic: string
      readonly payload: Uint8Array
    }
  /** The command has ended; `record.outcome` tells how. */
  | { readonly event: 'done'; readonly command: Message; readonly record: ServeRecord }

/**
 * Serves all commands, whatever their payload. The response to `<base>/cmd` is published to `<base>/rsp`, that to
 * `<base>/cmd/<key…>` to `<base>/rsp/<key…>`. Commands without a key are answered in order, since the platform matches their
 * responses by order.
 *
 * - *on subscribe*: connects the link and subscribes. Queued commands that arrive before the subscription are handled too.
 * - *next*: the events of each command. *complete*: the link was closed. *error*: the subscription was refused, or the link
 *   failed. If a handler fails, the response is `{"status":"failed",…}` and the stream continues.
 * - *unsubscribe*: stops the handlers; their commands stay unacknowledged, and the platform redelivers them.
 */
export function serveCommands(
  link: Link,
  { base = 'iot/v1', handlers = [] }: CommandsOptions = {},
): Observable<CommandEvent> {
  const topics = commandTopics(base)
  const acknowledge = (): Uint8Array => acknowledgement(link.scheduler.now())
  return defer(() => {
    const commandEvents$ = new Subject<CommandEvent>()
    const response$ = (request: ReceivedRequest): Observable<Uint8Array> => {
      const { message: command } = request
      for (const handler of handlers) {
        const handled$ = handler.response$(request)
        if (handled$ !== undefined) return reported(command, handled$.pipe(defaultIfEmpty(acknowledge())))
      }
      return reported(
        command,
        defer(() => [acknowledge()]),
      )
    }
    const reported = (command: Message, payload$: Observable<Uint8Array>): Observable<Uint8Array> =>
      payload$.pipe(
        tap((payload) =>
          commandEvents$.next({
            event: 'responding',
            command,
            topic: topics.responseTopicOf(command.topic) ?? '',
            payload,
          }),
        ),
      )
    const doneEvents$ = requests$(link, anyCommand(topics), {
      filter: topics.filter,
      // The platform's retry is a new command, so only a redelivery repeats one after a crash.
      acknowledge: 'after-response',
    }).pipe(
      tap(({ message: command }) =>
        commandEvents$.next({ event: 'received', command, isShutdown: isShutdown(command.payload) }),
      ),
      serve(response$, {
        orderedBy: ({ message: { topic } }) => (topics.isPlain(topic) ? topic : undefined),
      }),
      map((record): CommandEvent => ({ event: 'done', command: record.request, record })),
    )
    return new Observable<CommandEvent>((subscriber) => {
      subscriber.add(commandEvents$.subscribe((event) => subscriber.next(event)))
      subscriber.add(doneEvents$.subscribe(subscriber))
    })
  })
}

/** Creates the endpoint of all commands: bytes in, bytes out, and a response topic derived from the command topic. */
function anyCommand({ filter, responseTopicOf }: CommandTopics): Endpoint {
  const anyTopic = topicTemplate('{topic...}')
  const responseTopic = ({ topic = '' }: Readonly<Record<string, string>>): string =>
    responseTopicOf(topic) ?? topic
  return {
    ...endpoint({
      name: filter,
      topic: anyTopic.template,
      request: bytes,
      response: bytes,
      correlation: topicParams(),
      cancel: 'local',
      onFailure: ({ message }) => failure(message),
    }),
    // A parameter of a template has no empty levels, which the topic of a command may have.
    topic: { ...anyTopic, match: (topic) => ({ topic }) },
    // The base may contain `+`; a template could not express the response topic then.
    responseTopic: {
      template: anyTopic.template,
      filter: anyTopic.template,
      ownParameters: [],
      format: (params) => ({ topic: responseTopic(params), filter: responseTopic(params) }),
      formatFilter: responseTopic,
      failureTopicOf: () => undefined,
    },
  }
}

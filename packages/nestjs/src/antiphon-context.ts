import type { Message, ReceivedRequest } from '@antiphon/core'
import { BaseRpcContext } from '@nestjs/microservices'

/** The arguments of an `AntiphonContext`. */
export type AntiphonContextArgs = [
  message: Message,
  params: Readonly<Record<string, string>>,
  request: ReceivedRequest | undefined,
]

/** What a handler gets with `@Ctx()`. */
export class AntiphonContext extends BaseRpcContext<AntiphonContextArgs> {
  /** Returns the topic of the message. */
  getTopic(): string {
    return this.args[0].topic
  }

  /** Returns the message with its User Properties and other properties. */
  getMessage(): Message {
    return this.args[0]
  }

  /** Returns the topic parameters, if the pattern is an endpoint. Of a pattern with wildcards, what stands in their place. */
  getParams(): Readonly<Record<string, string>> {
    return this.args[1]
  }

  /** Returns the request with its deadline and principal; `undefined` for an event. */
  getRequest(): ReceivedRequest | undefined {
    return this.args[2]
  }

  /**
   * Returns the signal that aborts when the handler is stopped: its requester has unsubscribed, its time is over, or the
   * server stops. `undefined` for an event.
   */
  getSignal(): AbortSignal | undefined {
    return this.args[2]?.signal
  }
}

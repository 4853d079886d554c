import {
  type Endpoint,
  type ExchangeOptions,
  type Link,
  request,
  requestMany,
  type ResponseWithMessage,
  withMessage,
} from '@antiphon/core'

/** A response and its message. */
export type Response = ResponseWithMessage<unknown>

/** A request to send. */
export interface RequestToSend {
  readonly link: Link
  readonly endpoint: Endpoint
  readonly params: Readonly<Record<string, string>>
  readonly value: unknown
  readonly options: ExchangeOptions
  /** Cancels the exchange, whose error is then the reason. */
  readonly signal: AbortSignal
}

/** Sends a request and returns its responses: one, or the stream of a `many` endpoint with back-pressure. */
export async function* responsesTo(request: RequestToSend): AsyncGenerator<Response, void> {
  const { endpoint, signal } = request
  signal.throwIfAborted()
  if (endpoint.responses === 'many') yield* streamOf(request)
  else yield await responseTo(request)
}

async function responseTo({ link, endpoint, options, signal, ...sent }: RequestToSend): Promise<Response> {
  try {
    return (await request(link, withMessage(endpoint) as never, argumentOf(endpoint, sent) as never, {
      ...options,
      signal,
    })) as Response
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

async function* streamOf({
  link,
  endpoint,
  options,
  signal,
  ...sent
}: RequestToSend): AsyncGenerator<Response> {
  const responses = requestMany(
    link,
    withMessage(endpoint) as never,
    argumentOf(endpoint, sent) as never,
    options,
  )[Symbol.asyncIterator]()
  const cancel = (): void => void responses.return?.()
  signal.addEventListener('abort', cancel)
  try {
    for (let item = await responses.next(); item.done !== true; item = await responses.next())
      yield item.value as Response
    signal.throwIfAborted()
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}

/** Returns the argument of a request: its value, with the parameters if its topics have any. */
export function argumentOf(
  { topic, responseTopic, correlation: { createdParams = [] } }: Endpoint,
  { params, value }: Pick<RequestToSend, 'params' | 'value'>,
): unknown {
  // The library fills the parameters that a correlation creates.
  const isGiven = topic.parameters.some((name) => !createdParams.includes(name))
  const hasParams = isGiven || (createdParams.length === 0 && responseTopic?.isMatch !== undefined)
  return hasParams ? { params, value } : value
}

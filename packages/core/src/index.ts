/**
 * What an application imports: requests and responses, endpoints, codecs, correlations, errors, observers, middleware.
 *
 * Authors of links, codecs and routers find more in `@antiphon/core/link`, `@antiphon/core/codec` and
 * `@antiphon/core/topic`.
 *
 * @packageDocumentation
 */

// Send requests
export { request$, requestEither$, exchange$, request } from './request.js'
export type { ExchangeError, PromiseOptions, RequestOptions } from './request.js'
export { requestMany } from './request-many.js'
export { gather$ } from './gather.js'
export type { GatherOptions } from './gather.js'
export type { GatherRules } from './exchange/gathered-replies.js'
export type { FlattenOptions } from './exchange/flatten.js'
export type { ExchangeOptions, RetryOptions, StepTimeouts } from './exchange/options.js'
export type { BackOffOptions } from './link/back-off.js'

// Serve requests
export { requests$ } from './requests.js'
export type { RequestsOptions } from './requests.js'
export { serve } from './serve.js'
export type { ServeOptions, ServeRecord } from './serve.js'
export { mrpcHeaders } from './responder/header-rule.js'
export type { HeaderFault, HeaderRule } from './responder/header-rule.js'
export type { DuplicateBounds } from './responder/duplicates.js'
export type { Handler } from './responder/handler.js'
export type { Ending, ServeOutcome } from './responder/outcome.js'
export type { ReplyTopicRule } from './responder/reply-topic.js'
export type { ServedRequest } from './responder/served-request.js'
export type { TransferBounds } from './chunk/transfers.js'

// Describe what both sides agree on
export { endpoint } from './endpoint.js'
export type {
  Ask,
  ContractTypes,
  Endpoint,
  EndpointContract,
  EndpointTypes,
  ReplyContract,
  ReplyKind,
  ReplyPlaces,
  Unmarked,
} from './endpoint.js'
export type { TopicTemplate } from './topic/topic-template.js'
export type { NamesIn, ParameterName, TemplateParams } from './topic/template-params.js'
export { correlationData } from './correlation/correlation-data.js'
export type { CorrelationDataOptions } from './correlation/correlation-data.js'
export { payloadField } from './correlation/payload-field.js'
export type { PayloadFieldCorrelation } from './correlation/payload-field.js'
export { inOrder, topicParams } from './correlation/by-topic.js'
export type {
  Answerable,
  Correlation,
  MarkedQuestion,
  Question,
  Received,
} from './correlation/correlation.js'

// Type payloads
export { json } from './codec/json.js'
export { text } from './codec/text.js'
export { bytes } from './codec/bytes.js'
export { oneOf } from './codec/one-of.js'
export type { Codec, CodecBounds, DecodeError, DecodeIssue } from './codec/codec.js'
export { showDecodeError } from './codec/show-decode-error.js'
export type { TypedCodecOptions } from './codec/from-type.js'

// Handle errors
export { AntiphonError } from './errors.js'
export type { AwaitedStep, ErrorCode, ErrorContext, RemoteStatus } from './errors.js'
export { ApplicationError } from './application-error.js'
export type { ApplicationFailure } from './application-error.js'
export { Status } from './status.js'

// Observe a link
export { strays$, refusals$, countsOf, servedCountsOf, idle$ } from './observe.js'
export type { ExchangeCounts } from './exchange/counts.js'
export type { Stray } from './exchange/strays.js'
export type { Refusal, RefusalReason } from './responder/refusal.js'
export type { ServedCounts } from './responder/served-counts.js'
export { groupSupport$ } from './group-support.js'
export type { GroupSupport, GroupSupportOptions } from './group-support.js'

// Compose middleware
export { logged } from './middleware/logged.js'
export type { LogEntry } from './middleware/logged.js'
export { metered, Meter } from './middleware/metered.js'
export type { Metrics } from './middleware/metered.js'
export type { HistogramView } from './middleware/histogram.js'
export { stamped } from './middleware/stamped.js'

// Use a link and its messages
export type {
  Delivery,
  Grant,
  Incident,
  Link,
  LinkMiddleware,
  LinkState,
  PublishAck,
  SubscribeOptions,
  SubscriptionWindow,
} from './link/link.js'
export { userProperty } from './message.js'
export type { Message, MessageProperties, OutgoingMessage, QoS, UserProperties } from './message.js'

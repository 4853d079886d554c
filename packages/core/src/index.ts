/**
 * The API for applications: requests and responses, endpoints, codecs, correlations, errors, observers, middleware.
 *
 * If you implement a link, a codec or a router, see `@antiphon/core/link`, `@antiphon/core/codec` and
 * `@antiphon/core/topic`.
 *
 * @packageDocumentation
 */

// Send requests
export { request$, requestEither$, exchange$, request } from './request.js'
export type { ExchangeError, PromiseOptions, RequestOptions } from './request.js'
export { requestMany } from './request-many.js'
export { gather$ } from './gather.js'
export type { Gathered, GatherOptions } from './gather.js'
export type { GatherRules } from './requester/gathered-responses.js'
export type { FlattenOptions } from './requester/flatten.js'
export type { ExchangeOptions, RetryOptions, StepTimeouts } from './requester/options.js'
export type { RetryBudgetOptions } from './requester/retry-budget.js'
export type { BackOffOptions } from './time/back-off.js'

export { responseSubscription$ } from './response-subscription.js'
export type { ResponseSubscriptionOptions } from './response-subscription.js'
export { willFor } from './will-for.js'
export type { EndpointWill, WillOptions } from './will-for.js'
export { withMessage } from './with-message.js'
export type { ResponseWithMessage, WithMessage } from './with-message.js'

// Serve requests
export { requests$ } from './requests.js'
export type { DrainOptions, RequestsOptions } from './requests.js'
export type { DrainMode } from './responder/request-source.js'
export type { AcknowledgeMode } from './responder/responder-context.js'
export { serve } from './serve.js'
export type { ServeOptions } from './serve.js'
export type { AdaptiveConcurrency } from './responder/adaptive-concurrency.js'
export type { Authenticate, AuthenticationVerdict } from './responder/authentication.js'
export { mrpcHeaders } from './responder/header-rule.js'
export type { HeaderFault, HeaderRule } from './responder/header-rule.js'
export type { ResponseCacheBounds } from './responder/response-cache.js'
export { withProperties } from './responder/with-properties.js'
export type { ResponseProperties, ResponseWithProperties } from './responder/with-properties.js'
export type { Handler, HandlerResult, PlainResponse, ResponseStream } from './responder/handler.js'
export type { OutcomeDetails, ServeOutcome, ServeRecord } from './observe/serve-record.js'
export type { ResponseTopicRule } from './responder/response-topic-rule.js'
export type { ReceivedRequest } from './responder/received-request.js'
export type { ItemStream, RequestItems } from './stream/item-stream.js'
export type { RequestStreams } from './stream/request-streams.js'
export type { TransferBounds } from './chunk/transfers.js'

// Define endpoints
export { endpoint } from './endpoint.js'
export type { CancelMode, Endpoint, EndpointContract, FailurePayloads, ReportedFailure } from './endpoint.js'
export type {
  AllParams,
  WithoutCreated,
  CreatedParams,
  RequestArgument,
  ContractTypes,
  EndpointTypes,
  RequestKind,
  RequestParams,
  ResponseKind,
  ResponseParams,
  WithoutToken,
} from './endpoint-types.js'
export type { ResponseTopics, ResponseTopicTemplate } from './response-topic-template.js'
export type { TopicTemplate } from './topic/topic-template.js'
export type { NamesIn, ParameterName, TemplateParams } from './topic/template-params.js'
export { correlationData } from './correlation/correlation-data.js'
export type { CorrelationDataOptions } from './correlation/correlation-data.js'
export { payloadField } from './correlation/payload-field.js'
export type { PayloadFieldCorrelation, PayloadFieldOptions } from './correlation/payload-field.js'
export type { ResponseTopicField } from './correlation/response-topic-field.js'
export type { TokenSource } from './correlation/token-source.js'
export { inOrder, topicParams } from './correlation/by-topic.js'
export type { TopicParamsCorrelation } from './correlation/by-topic.js'
export type {
  ResponseCorrelation,
  Correlation,
  CorrelatedRequest,
  RequestToCorrelate,
  DecodableMessage,
} from './correlation/correlation.js'

// Type payloads
export { json } from './codec/json.js'
export { text } from './codec/text.js'
export { bytes } from './codec/bytes.js'
export { oneOf } from './codec/one-of.js'
export type { Codec, CodecBounds, DecodeError, DecodeIssue } from './codec/codec.js'
export { formatDecodeError } from './codec/format-decode-error.js'
export type { SchemaEncoding, TypedCodecOptions } from './codec/from-schema.js'
export type { Hint } from './codec/hint.js'
export type { JsonMethod } from './codec/json-method.js'
export type { SchemaCodec } from './codec/schema-codec.js'
export type { StandardSchema, StandardSchemaIssue, StandardSchemaResult } from './codec/standard-schema.js'
export type { IoTsContextEntry, IoTsError, IoTsType } from './codec/io-ts-type.js'

// Handle errors
export { AntiphonError } from './errors.js'
export type { AwaitedStep, ErrorCode, ErrorContext, RemoteStatus } from './errors.js'
export { ApplicationError } from './application-error.js'
export type { ApplicationFailure } from './application-error.js'
export { Status } from './protocol/status.js'
export type { Failure } from './protocol/status.js'

// Observe a link
export { unmatchedResponses$, ignoredRequests$, requesterStats, responderStats, idle$ } from './observe.js'
export type { RequesterStats } from './observe/requester-stats.js'
export type { UnmatchedResponse } from './observe/unmatched-response.js'
export type { IgnoredRequest, IgnoredReason } from './observe/ignored-request.js'
export type { ResponderStats } from './observe/responder-stats.js'
export { groupSupport$ } from './group-support.js'
export type { GroupSupport, GroupSupportOptions } from './group-support.js'

// Compose middleware
export { logged } from './middleware/logged.js'
export type { LogEntry } from './middleware/logged.js'
export { metered, Meter } from './middleware/metered.js'
export type { Metrics } from './middleware/metered.js'
export type { HistogramView } from './middleware/histogram.js'
export { stamped } from './middleware/stamped.js'
export type { StampedOptions } from './middleware/stamped.js'

// Use a link and its messages
export type {
  Delivery,
  ConnectionInfo,
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

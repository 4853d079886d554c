export type { Message, MessageProperties, OutgoingMessage, QoS, UserProperties } from './message.js'
export { userProperty } from './message.js'
export { AntiphonError } from './errors.js'
export type { AwaitedStep, ErrorCode, ErrorContext, RemoteStatus } from './errors.js'
export { json } from './codec/json.js'
export { text } from './codec/text.js'
export { bytes, isBytes } from './codec/bytes.js'
export { oneOf } from './codec/one-of.js'
export type { Codec, CodecBounds, DecodeError, DecodeIssue } from './codec/codec.js'
export { showDecodeError, toDecodeFailure } from './codec/show-decode-error.js'
export { codecFor, decodeWith, encodeWith } from './codec/guard.js'
export { fromType } from './codec/from-type.js'
export type { PayloadFormat, TypedCodecOptions } from './codec/from-type.js'
export { decodeFailure } from './codec/decode-failure.js'
export { mapCodec } from './codec/map-codec.js'
export type { CodecMapping } from './codec/map-codec.js'
export { acceptsMediaTypes, parseMediaType } from './codec/content-type.js'
export type { MediaType, MediaTypeRule } from './codec/content-type.js'
export { fromUtf8, isWellFormed, toUtf8 } from './codec/utf8.js'
export { requireDepth } from './codec/depth.js'
export { findFault } from './codec/plain-data.js'
export type { DataRule } from './codec/plain-data.js'
export type {
  BrokerLimits,
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
export type { SubscribeRequest, Transport, TransportEvent } from './link/transport.js'
export type { BackOffOptions } from './link/back-off.js'
export type { LinkOptions } from './link/link-over.js'
export { linkOver } from './link/link-over.js'
export type { QueueBounds } from './link/outbox.js'
export { describeReason } from './link/reason-codes.js'
export type { UnclaimedBounds } from './link/unclaimed.js'
export type { Deadline, Deadlines, OnDue } from './time/deadlines.js'
export { deadlines } from './time/deadlines.js'
export { invalidArgument, requireNumber } from './argument.js'
export type { NumberRule } from './argument.js'
export { grantFault, outgoingFault } from './link/outgoing-rules.js'
export { quoted, validateString } from './topic/mqtt-string.js'
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
export { exchange$, request, request$, requestEither$ } from './request.js'
export type { ExchangeError, PromiseOptions, RequestOptions } from './request.js'
export { requestMany } from './request-many.js'
export { gather$ } from './gather.js'
export type { GatherOptions } from './gather.js'
export { requests$ } from './requests.js'
export type { RequestsOptions } from './requests.js'
export { groupSupport$ } from './group-support.js'
export type { GroupSupport, GroupSupportOptions } from './group-support.js'
export { serve } from './serve.js'
export type { ServeOptions, ServeRecord } from './serve.js'
export { ApplicationError } from './application-error.js'
export type { ApplicationFailure } from './application-error.js'
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
export { countsOf, idle$, refusals$, servedCountsOf, strays$ } from './observe.js'
export type { ExchangeCounts } from './exchange/counts.js'
export type { FlattenOptions } from './exchange/flatten.js'
export type { GatherRules } from './exchange/gathered-replies.js'
export type { ExchangeOptions, RetryOptions, StepTimeouts } from './exchange/options.js'
export type { Stray } from './exchange/strays.js'
export type { DuplicateBounds } from './responder/duplicates.js'
export type { Handler } from './responder/handler.js'
export { mrpcHeaders } from './responder/header-rule.js'
export type { HeaderFault, HeaderRule } from './responder/header-rule.js'
export type { Ending, ServeOutcome } from './responder/outcome.js'
export type { Refusal, RefusalReason } from './responder/refusal.js'
export type { ReplyTopicRule } from './responder/reply-topic.js'
export type { ServedCounts } from './responder/served-counts.js'
export type { ServedRequest } from './responder/served-request.js'
export { Status } from './status.js'
export { topicTemplate } from './topic/topic-template.js'
export type { TopicTemplate } from './topic/topic-template.js'
export type { NamesIn, ParameterName, TemplateParams } from './topic/template-params.js'
export { covers } from './topic/covers.js'
export { isMatch } from './topic/is-match.js'
export { overlaps } from './topic/overlaps.js'
export { assertTopicFilter, isSharedFilter, parseFilter, validateTopicFilter } from './topic/topic-filter.js'
export type { ParsedFilter } from './topic/topic-filter.js'
export { assertTopicName, validateTopicName } from './topic/topic-name.js'
export { TopicTree } from './topic/topic-tree.js'
export { TopicTrie } from './topic/topic-trie.js'
export type { VisitRoute } from './topic/route.js'
export { linkMiddleware } from './middleware/link-middleware.js'
export type { LinkTaps } from './middleware/link-middleware.js'
export { logged } from './middleware/logged.js'
export type { LogEntry } from './middleware/logged.js'
export { metered, Meter } from './middleware/metered.js'
export type { Metrics } from './middleware/metered.js'
export { stamped } from './middleware/stamped.js'
export type { HistogramView } from './middleware/histogram.js'
export type { TransferBounds } from './chunk/transfers.js'

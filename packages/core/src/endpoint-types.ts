import type { TopicParamsCorrelation } from './correlation/by-topic.js'
import type { Correlation } from './correlation/correlation.js'
import type { PayloadFieldCorrelation } from './correlation/payload-field.js'
import type { ItemStream, RequestItems } from './stream/item-stream.js'
import type { ParameterName, TemplateParams } from './topic/template-params.js'

/** Whether a request has one response or a stream of them. */
export type ResponseKind = 'one' | 'many'

/** Whether a request is one message or a stream of items. */
export type RequestKind = 'one' | 'many'

/** The types of an endpoint. */
export interface EndpointTypes {
  /** The parameters of the request topic. */
  readonly params: object
  /** The parameters of the response topic that the request topic does not have. */
  readonly responseParams?: object
  /** The names of the parameters whose values the correlation creates. */
  readonly createdParams?: string
  /** The value or stream that the requester passes; a correlation token in the payload is optional here. */
  readonly requestInput: unknown
  /** The value or items that the handler receives. */
  readonly request: unknown
  /** The value that the handler emits; a correlation token in the payload is optional here. */
  readonly responseInput: unknown
  /** The value that the requester receives. */
  readonly response: unknown
  readonly kind: ResponseKind
}

/** The types that follow from an endpoint's contract. */
export interface ContractTypes<
  Topic extends string,
  Req,
  Res,
  Kind extends ResponseKind,
  Via extends Correlation,
  ResponseTopic extends string = '',
  SentReq = Req,
  SentRes = Res,
  Requests extends RequestKind = 'one',
> extends EndpointTypes {
  readonly params: TemplateParams<Topic>
  readonly responseParams: ResponseParams<Topic, ResponseTopic>
  readonly createdParams: CreatedParams<Via>
  readonly requestInput: Requests extends 'many' ? ItemStream<SentReq> : WithoutToken<SentReq, Via>
  readonly request: Requests extends 'many' ? RequestItems<Req> : Req
  readonly responseInput: WithoutToken<SentRes, Via>
  readonly response: Res
  readonly kind: Kind
}

/** The names of the topic parameters whose values a correlation creates. */
export type CreatedParams<Via extends Correlation> =
  Via extends TopicParamsCorrelation<infer Created> ? (string extends Created ? never : Created) : never

/** A value whose correlation token is optional, because the library adds it. */
export type WithoutToken<A, Via extends Correlation> =
  Via extends PayloadFieldCorrelation<infer Field>
    ? A extends unknown
      ? Omit<A, Field> & Partial<Pick<A, Field & keyof A>>
      : never
    : A

/** The values of the response topic's parameters that the request topic does not have; none for a computed template. */
export type ResponseParams<Topic extends string, ResponseTopic extends string> = string extends ResponseTopic
  ? TemplateParams<''>
  : { readonly [Name in Exclude<ParameterName<ResponseTopic>, ParameterName<Topic>>]: string }

/**
 * The topic parameters that a requester passes: those of the request topic, and those of the response topic alone, without
 * those that the correlation creates.
 */
export type RequestParams<T extends EndpointTypes> = WithoutCreated<
  AllParams<T>,
  NonNullable<T['createdParams']>
>

/** Topic parameters without those that the correlation creates. */
export type WithoutCreated<Params, Created extends string> = string extends Created
  ? Params
  : [Created] extends [never]
    ? Params
    : Omit<Params, Created>

/** The parameters of the request topic and of the response topic. */
export type AllParams<T extends EndpointTypes> = [keyof NonNullable<T['responseParams']>] extends [never]
  ? T['params']
  : T['params'] & NonNullable<T['responseParams']>

/** The argument of one request: the value, together with the topic parameters if there are any. */
export type RequestArgument<T extends EndpointTypes> = [keyof RequestParams<T>] extends [never]
  ? T['requestInput']
  : { readonly params: RequestParams<T>; readonly value: T['requestInput'] }

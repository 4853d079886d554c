/** A message as conformance data describe it. `{prefix}` in a topic is a prefix that no other case uses. */
export interface MessageData {
  /** The topic of `send`; a response goes to the Response Topic of the request. */
  readonly topic?: string
  /** The payload as text. */
  readonly payload?: string
  /** The payload as hexadecimal bytes. */
  readonly hex?: string
  /** The QoS of the message. @defaultValue 1 */
  readonly qos?: 0 | 1 | 2
  readonly responseTopic?: string
  /** `text:…` or `hex:…`; of a response, that of the request. */
  readonly correlationData?: string
  readonly contentType?: string
  readonly payloadFormatIndicator?: 0 | 1
  /** Seconds. */
  readonly messageExpiryInterval?: number
  readonly userProperties?: readonly (readonly [name: string, value: string])[]
  /** `correlationData`: the response has none. */
  readonly absent?: readonly 'correlationData'[]
}

/** A property of a message that is present or absent. */
export type PropertyName = 'correlationData' | 'responseTopic'

/** What a received message must have. What is not named may be anything. */
export interface ExpectedMessage {
  readonly topic: string
  readonly payload?: string
  /** The payload as parsed JSON. */
  readonly json?: unknown
  readonly qos?: 0 | 1 | 2
  readonly retain?: boolean
  readonly correlationData?: string
  readonly contentType?: string
  readonly payloadFormatIndicator?: 0 | 1
  readonly messageExpiryInterval?: { readonly from: number; readonly to: number }
  /** Values of User Properties by name, besides which there may be others. */
  readonly userProperties?: Readonly<Record<string, string>>
  readonly present?: readonly PropertyName[]
  readonly absent?: readonly PropertyName[]
}

/** How an exchange ended. */
export type ExpectedResult =
  | { readonly value: unknown }
  | {
      readonly error: string
      readonly status?: number
      readonly message?: string
      readonly applicationCode?: string
      readonly applicationPayload?: string
    }

/** A step of a case. `wait` lets milliseconds pass on the clock of the setting, which may be virtual. */
export type Step =
  | { readonly send: MessageData }
  | { readonly receive: ExpectedMessage }
  | { readonly wait: number }
  | { readonly request: unknown; readonly timeout?: number }
  | { readonly respond: MessageData }
  | { readonly result: ExpectedResult }

/**
 * What a responder may lack: `status` is the protocol of `docs/wire.md` beyond plain MQTT; `failure` is a handler that fails on
 * request.
 */
export type ResponderFeature = 'failure' | 'status'

/** A case of conformance data. All messages that arrive must be expected by a step. */
export interface DataCase {
  readonly name: string
  readonly needs?: readonly ResponderFeature[]
  readonly steps: readonly Step[]
}

/** The exchange contract as data: steps on the wire and what is expected of a program that is requester or responder. */
export interface ConformanceData {
  readonly format: 1
  /** What the program under test serves or requests. */
  readonly service: { readonly topic: string; readonly request: string; readonly response: string }
  /** The cases of a responder; the tester is the requester. */
  readonly responder: readonly DataCase[]
  /** The cases of a requester; the tester is the responder. */
  readonly requester: readonly DataCase[]
}

import { linkOptionRules, numberRule, type OptionRules, wholeNumberRule } from '@antiphon/core/link'
import type {
  OutageOptions,
  PlayOptions,
  VirtualBrokerOptions,
  VirtualClientOptions,
  VirtualLinkOptions,
} from './broker.js'
import { latencyRule } from '../connection/latency.js'

/** The rules of `VirtualBrokerOptions`. */
export const brokerOptionRules: OptionRules<VirtualBrokerOptions> = {
  scheduler: 'object',
  seed: numberRule(-Infinity),
  latency: latencyRule,
  limits: {
    receiveMaximum: wholeNumberRule(1),
    maximumPacketSize: numberRule(1),
    maximumQoS: [0, 1, 2],
    retainAvailable: [true, false],
    wildcardSubscriptions: [true, false],
    sharedSubscriptions: [true, false],
    subscriptionIdentifiers: [true, false],
    responseInformation: 'string',
  } satisfies OptionRules<NonNullable<VirtualBrokerOptions['limits']>>,
  overlap: ['once', 'each'],
}

/** The rules of `VirtualClientOptions`. */
export const clientOptionRules: OptionRules<VirtualClientOptions> = {
  clientId: 'string',
  clean: [true, false],
  protocolVersion: [4, 5],
  sessionExpiryInterval: numberRule(0),
  receiveMaximum: wholeNumberRule(1, 65_535),
  will: 'object',
}

const { scheduler: _, ...rulesOfLink } = linkOptionRules

/** The rules of `VirtualLinkOptions`. */
export const virtualLinkOptionRules: OptionRules<VirtualLinkOptions> = {
  ...clientOptionRules,
  ...rulesOfLink,
}

/** The rules of `OutageOptions`. */
export const outageOptionRules: OptionRules<OutageOptions> = {
  sessions: ['keep', 'lose'],
}

/** The rules of `PlayOptions`; the faults in `values` are validated when they are played. */
export const playOptionRules: OptionRules<PlayOptions> = {
  clientId: 'string',
  values: 'object',
}

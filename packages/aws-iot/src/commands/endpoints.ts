import {
  endpoint,
  topicParams,
  type Codec,
  type ContractTypes,
  type Correlation,
  type Endpoint,
} from '@antiphon/core'
import {
  commandFailureOf,
  commandRejectionCodec,
  commandUpdateCodec,
  toFailedUpdate,
  updateFailureOf,
  updatedCommandCodec,
  type CommandUpdate,
  type UpdatedCommand,
} from './executions.js'

/**
 * The types of the endpoint of a command. `kind` is `things` or `clients`, `device` the name of the device, `execution` the id of
 * the execution.
 */
export type CommandTypes<Payload> = ContractTypes<
  '{kind}/{device}/{execution}',
  Payload,
  CommandUpdate,
  'one',
  Correlation
>

/** The types of `commandUpdates`. */
export type CommandUpdateTypes = ContractTypes<
  '{kind}/{device}/{execution}',
  CommandUpdate,
  UpdatedCommand,
  'one',
  Correlation
>

const topic = '$aws/commands/{kind}/{device}/executions/{execution}'

const byTopic = topicParams()

/** The id of an execution is in its topics, and belongs to no other one: a command that arrives twice is a duplicate. */
const byExecution: Correlation = {
  ...byTopic,
  readRequest: (request) => ({ ...byTopic.readRequest(request), isReusable: false }),
}

/** Creates the endpoint of commands with such a payload, which AWS sends to a device. */
export function commandEndpoint<Payload>(request: Codec<Payload>): Endpoint<CommandTypes<Payload>> {
  return commandEndpointAt(topic, request)
}

/** Creates the endpoint of commands whose executions have such topics. */
export function commandEndpointAt<Payload>(
  execution: string,
  request: Codec<Payload>,
): Endpoint<CommandTypes<Payload>> {
  return endpoint({
    name: 'aws-iot command',
    topic: `${execution}/request/json`,
    responseTopic: `${execution}/response/json`,
    request,
    response: commandUpdateCodec,
    failureOf: commandFailureOf,
    onFailure: toFailedUpdate,
    correlation: byExecution,
    cancel: 'local',
  }) as unknown as Endpoint<CommandTypes<Payload>>
}

/** The endpoint of updates, which a device sends and AWS accepts or rejects. */
export const commandUpdates: Endpoint<CommandUpdateTypes> = commandUpdatesAt(topic)

/** Creates the endpoint of updates of the executions with such topics. */
export function commandUpdatesAt(execution: string): Endpoint<CommandUpdateTypes> {
  return endpoint({
    name: 'aws-iot update command',
    topic: `${execution}/response/json`,
    responseTopic: `${execution}/response/accepted/json`,
    failureTopic: `${execution}/response/rejected/json`,
    request: commandUpdateCodec,
    response: updatedCommandCodec,
    failure: commandRejectionCodec,
    failureOf: updateFailureOf,
    onFailure: ({ message, applicationCode = 'InternalError' }) => ({
      error: applicationCode,
      errorMessage: message,
    }),
    correlation: byTopic,
    cancel: 'local',
  }) as unknown as Endpoint<CommandUpdateTypes>
}

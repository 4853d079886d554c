import type { Endpoint } from '@antiphon/core'
import { operation, type OperationTypes } from '../service/operation.js'
import { requestCodec, type ServiceRequest } from '../service/request.js'
import {
  jobUpdateCodec,
  nextJobCodec,
  pendingJobsCodec,
  updatedJobCodec,
  type JobQuery,
  type JobStart,
  type JobUpdate,
  type NextJob,
  type PendingJobs,
  type UpdatedJob,
} from './executions.js'

/** The endpoints of jobs; the parameter `job` is the id of a job, or `$next`. */
export interface JobEndpoints {
  readonly pending: Endpoint<OperationTypes<'{thing}', ServiceRequest, PendingJobs>>
  readonly startNext: Endpoint<OperationTypes<'{thing}', ServiceRequest & JobStart, NextJob>>
  readonly describe: Endpoint<OperationTypes<'{thing}/{job}', ServiceRequest & JobQuery, NextJob>>
  readonly update: Endpoint<OperationTypes<'{thing}/{job}', ServiceRequest & JobUpdate, UpdatedJob>>
}

const topic = '$aws/things/{thing}/jobs'

/** The endpoints of jobs. */
export const jobEndpoints: JobEndpoints = {
  pending: operation(`${topic}/get`, {
    name: 'aws-iot pending jobs',
    request: requestCodec,
    response: pendingJobsCodec,
  }),
  startNext: operation(`${topic}/start-next`, {
    name: 'aws-iot start next job',
    request: requestCodec,
    response: nextJobCodec,
  }),
  describe: operation(`${topic}/{job}/get`, {
    name: 'aws-iot describe job',
    request: requestCodec,
    response: nextJobCodec,
  }),
  update: operation(`${topic}/{job}/update`, {
    name: 'aws-iot update job',
    request: jobUpdateCodec,
    response: updatedJobCodec,
  }),
}

import type { EndpointTypes } from '../endpoint-types.js'
import { SingleResponseRun } from './single-response-run.js'

/**
 * The run of a handler that receives a stream of items and responds once. The expiry of its request is postponed by every
 * message of the requester.
 */
export class RequestStreamRun<T extends EndpointTypes> extends SingleResponseRun<T> {
  override due(): void {
    const { timeLeft, responder } = this.context
    const timeout = Math.min(timeLeft, this.dueAt - responder.now())
    if (timeout > 0) this.dueIn(timeout)
    else super.due()
  }
}

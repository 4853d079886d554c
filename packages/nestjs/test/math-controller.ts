import { Controller, Inject, Injectable } from '@nestjs/common'
import { Ctx, EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices'
import { concat, from, NEVER, Observable, of, Subject, throwError } from 'rxjs'

/** What both `MqttContext` and `AntiphonContext` have. */
interface TopicContext {
  readonly getTopic: () => string
}

/** What the handlers of events have received, and whether a stream is running. */
@Injectable()
export class Notes {
  readonly noted$ = new Subject<unknown>()
  readonly running = new Set<string>()
  readonly stopped$ = new Subject<string>()
}

/** Handlers as an application of NestJS has them, without a word of any transport. */
@Controller()
export class MathController {
  readonly #notes: Notes

  constructor(@Inject(Notes) notes: Notes) {
    this.#notes = notes
  }

  @MessagePattern({ cmd: 'sum' })
  sum(@Payload() numbers: readonly number[]): number {
    return numbers.reduce((sum, number) => sum + number, 0)
  }

  @MessagePattern('math/sum-later')
  async sumLater(@Payload() numbers: readonly number[]): Promise<number> {
    return this.sum(numbers)
  }

  @MessagePattern('math/each')
  each(@Payload() numbers: readonly number[]): Observable<number> {
    return from(numbers)
  }

  @MessagePattern('math/each-later')
  async eachLater(@Payload() numbers: readonly number[]): Promise<Observable<number>> {
    return from(numbers)
  }

  @MessagePattern('math/count')
  count(@Payload() name: string): Observable<string> {
    return new Observable((subscriber) => {
      this.#notes.running.add(name)
      subscriber.next(`${name} 1`)
      return () => {
        this.#notes.running.delete(name)
        this.#notes.stopped$.next(name)
      }
    })
  }

  @MessagePattern('math/nothing')
  nothing(): void {
    // Returns nothing.
  }

  @MessagePattern('math/empty')
  empty(): Observable<never> {
    return from([])
  }

  @MessagePattern('math/now')
  now(): unknown {
    return { at: new Date(0), gone: undefined }
  }

  @MessagePattern('math/refuse')
  refuse(): never {
    throw new RpcException({ code: 'negative', message: 'no negative numbers', statusCode: 422 })
  }

  @MessagePattern('math/refuse-text')
  refuseText(): never {
    throw new RpcException('not today')
  }

  @MessagePattern('math/break')
  break(): never {
    throw new TypeError('secret')
  }

  @MessagePattern('math/break-after-one')
  breakAfterOne(): Observable<number> {
    return concat(
      of(1),
      throwError(() => new RpcException('broken')),
    )
  }

  @MessagePattern('math/never')
  never(): Observable<never> {
    return NEVER
  }

  @MessagePattern('sensor/+/read')
  read(@Ctx() context: TopicContext): string {
    return `read ${context.getTopic()}`
  }

  @EventPattern('math/noted')
  noted(@Payload() note: unknown, @Ctx() context: TopicContext): void {
    this.#notes.noted$.next([context.getTopic(), note])
  }

  @EventPattern('sensor/+/changed')
  changed(@Payload() value: unknown, @Ctx() context: TopicContext): void {
    this.#notes.noted$.next([context.getTopic(), value])
  }
}

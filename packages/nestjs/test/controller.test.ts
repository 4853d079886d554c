import 'reflect-metadata'
import { endpoint, exchange$, json, requestEither$, text, type Link } from '@antiphon/core'
import { AntiphonExceptionFilter, AntiphonServer } from '@antiphon/nestjs'
import { marbles } from '@antiphon/testing'
import { Controller, Inject, NotFoundException, UseFilters } from '@nestjs/common'
import { MessagePattern, Payload } from '@nestjs/microservices'
import { isLeft } from 'fp-ts/lib/Either.js'
import { map, throwError, type Observable } from 'rxjs'
import { it } from 'vitest'

const readings = endpoint({
  topic: 'readings',
  request: text,
  response: json.unchecked<number>(),
  responses: 'many',
})
const serial = endpoint({ topic: 'serial', request: text, response: text })

@Controller()
@UseFilters(new AntiphonExceptionFilter())
class Thermometer {
  readonly #celsius$: Observable<number>

  constructor(@Inject('CELSIUS') celsius$: Observable<number>) {
    this.#celsius$ = celsius$
  }

  @MessagePattern(readings)
  readings(@Payload() unit: string): Observable<number> {
    return this.#celsius$.pipe(map((celsius) => (unit === 'fahrenheit' ? celsius * 1.8 + 32 : celsius)))
  }

  @MessagePattern(serial)
  serial(@Payload() name: string): Observable<never> {
    return throwError(() => new NotFoundException(`no thermometer ${name}`))
  }
}

/** Serves a controller without an application, so that nothing waits for promises. */
function serveThermometer(link: Link, celsius$: Observable<number>): void {
  const thermometer = new Thermometer(celsius$)
  const server = new AntiphonServer({ link })
  server.addHandler(readings, (unit: string) => thermometer.readings(unit))
  server.addHandler(serial, (name: string) => thermometer.serial(name))
  server.listen(() => undefined)
}

it(
  'streams the values of a controller, and stops when the requester unsubscribes',
  marbles(({ link, cold, expectObservable, expectSubscriptions }) => {
    const celsius$ = cold('                                     1s a 999ms b 999ms c', {
      a: 10,
      b: 20,
      c: 30,
    })
    serveThermometer(link(), celsius$)
    const fahrenheit$ = exchange$(link(), readings, 'fahrenheit')
    expectObservable(fahrenheit$, '                             ^ 2499ms !').toBe('1s a 999ms b', {
      a: 50,
      b: 68,
    })
    expectSubscriptions(celsius$.subscriptions).toBe('          ^ 2499ms !')
  }),
)

it(
  'answers the exception of a controller with its status',
  marbles(({ link, cold, expectObservable }) => {
    serveThermometer(link(), cold('-'))
    const status$ = cold('-a|', { a: 'attic' }).pipe(
      requestEither$(link(), serial),
      map((response) => (isLeft(response) ? response.left.status?.code : undefined)),
    )
    expectObservable(status$).toBe('-a|', { a: 404 })
  }),
)

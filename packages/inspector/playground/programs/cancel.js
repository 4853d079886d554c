import { endpoint, request$, requests$, serve, text } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { delay, map, of, switchMap, take, timer } from 'rxjs'

const search = endpoint({
  name: 'search',
  topic: 'parts/search',
  request: text,
  response: text,
})

const catalogue = connect('mqtt://broker', { clientId: 'catalogue' })
requests$(catalogue, search)
  .pipe(serve(({ value: word }) => of(`parts for ${word}`).pipe(delay(400))))
  .subscribe(({ outcome }) => console.log(`catalogue: ${outcome}`))

const phone = connect('mqtt://broker', { clientId: 'phone' })
const typed$ = timer(0, 200).pipe(
  take(3),
  map((index) => 'van'.slice(0, index + 1)),
)
typed$
  .pipe(switchMap((word) => of(word).pipe(request$(phone, search))))
  .subscribe((found) => console.log(`phone: ${found}`))

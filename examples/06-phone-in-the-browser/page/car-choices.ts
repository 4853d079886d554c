import type { Car } from '../garage.js'
import { element } from './element.js'

/** A radio button for each car, the first one chosen. */
export function carChoices(cars: readonly Car[]): readonly Element[] {
  return cars.map(({ id, name, about }, at) =>
    element(
      'label',
      {},
      element('input', { type: 'radio', name: 'car', value: id, ...(at === 0 && { checked: '' }) }),
      element('span', {}, element('strong', {}, name), element('small', {}, `${id}: ${about}`)),
    ),
  )
}

/** The car chosen in a form. */
export function chosenCar(form: HTMLFormElement): string {
  const chosen = new FormData(form).get('car')
  return typeof chosen === 'string' ? chosen : ''
}

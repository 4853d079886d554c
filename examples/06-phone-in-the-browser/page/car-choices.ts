import type { Car } from '../garage.js'
import { element } from './element.js'

/** Creates a radio button for each car and selects the first. */
export function carChoices(cars: readonly Car[]): readonly Element[] {
  return cars.map(({ id, name, about }, index) =>
    element(
      'label',
      {},
      element('input', { type: 'radio', name: 'car', value: id, ...(index === 0 && { checked: '' }) }),
      element('span', {}, element('strong', {}, name), element('small', {}, `${id}: ${about}`)),
    ),
  )
}

/** Returns the id of the car that is selected in a form. */
export function selectedCar(form: HTMLFormElement): string {
  const car = new FormData(form).get('car')
  return typeof car === 'string' ? car : ''
}

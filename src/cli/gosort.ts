// The order Go's sort.Sort leaves (pattern-defeating quicksort, insertion up to 12 items): ties of --sort-by depend on
// it.

/** Sorts in place by `less`, which need not be a strict order: kubectl's is not. */
export function goSort<T>(items: T[], lessThan: (a: T, b: T) => boolean): void {
  const at = (i: number): T => items[i] as T
  const less = (i: number, j: number): boolean => lessThan(at(i), at(j))
  const swap = (i: number, j: number): void => {
    const x = at(i)
    items[i] = at(j)
    items[j] = x
  }

  const insertion = (a: number, b: number): void => {
    for (let i = a + 1; i < b; i++) for (let j = i; j > a && less(j, j - 1); j--) swap(j, j - 1)
  }
  const siftDown = (lo: number, hi: number, first: number): void => {
    for (let root = lo; ;) {
      let child = 2 * root + 1
      if (child >= hi) return
      if (child + 1 < hi && less(first + child, first + child + 1)) child++
      if (!less(first + root, first + child)) return
      swap(first + root, first + child)
      root = child
    }
  }
  const heap = (a: number, b: number): void => {
    const hi = b - a
    for (let i = Math.trunc((hi - 1) / 2); i >= 0; i--) siftDown(i, hi, a)
    for (let i = hi - 1; i >= 0; i--) {
      swap(a, a + i)
      siftDown(0, i, a)
    }
  }
  const bits = (n: number): number => 32 - Math.clz32(n)
  const breakPatterns = (a: number, b: number): void => {
    const length = b - a
    if (length < 8) return
    let random = BigInt(length)
    const modulus = 2 ** bits(length)
    const middle = a + Math.trunc(length / 4) * 2
    for (let i = middle - 1; i <= middle + 1; i++) {
      random = BigInt.asUintN(64, random ^ (random << 13n))
      random ^= random >> 7n
      random = BigInt.asUintN(64, random ^ (random << 17n))
      let other = Number(random & BigInt(modulus - 1))
      if (other >= length) other -= length
      swap(i, a + other)
    }
  }
  const partialInsertion = (a: number, b: number): boolean => {
    let i = a + 1
    for (let step = 0; step < 5; step++) {
      while (i < b && !less(i, i - 1)) i++
      if (i === b) return true
      if (b - a < 50) return false
      swap(i, i - 1)
      if (i - a >= 2) for (let j = i - 1; j >= 1 && less(j, j - 1); j--) swap(j, j - 1)
      if (b - i >= 2) for (let j = i + 1; j < b && less(j, j - 1); j++) swap(j, j - 1)
    }
    return false
  }
  const choosePivot = (a: number, b: number): { pivot: number; hint: 'up' | 'down' | '' } => {
    const length = b - a
    let swaps = 0
    const quarter = Math.trunc(length / 4)
    let [i, j, k] = [a + quarter, a + quarter * 2, a + quarter * 3]
    const order = (x: number, y: number): [number, number] => {
      if (less(y, x)) {
        swaps++
        return [y, x]
      }
      return [x, y]
    }
    const median = (x: number, y: number, z: number): number => {
      ;[x, y] = order(x, y)
      ;[y, z] = order(y, z)
      ;[x, y] = order(x, y)
      return y
    }
    if (length >= 8) {
      if (length >= 50) {
        i = median(i - 1, i, i + 1)
        j = median(j - 1, j, j + 1)
        k = median(k - 1, k, k + 1)
      }
      j = median(i, j, k)
    }
    return { pivot: j, hint: swaps === 0 ? 'up' : swaps === 12 ? 'down' : '' }
  }
  const partitionEqual = (a: number, b: number, pivot: number): number => {
    swap(a, pivot)
    let i = a + 1
    let j = b - 1
    for (;;) {
      while (i <= j && !less(a, i)) i++
      while (i <= j && less(a, j)) j--
      if (i > j) return i
      swap(i++, j--)
    }
  }
  const partition = (a: number, b: number, pivot: number): { middle: number; done: boolean } => {
    swap(a, pivot)
    let i = a + 1
    let j = b - 1
    for (let first = true; ; first = false) {
      while (i <= j && less(i, a)) i++
      while (i <= j && !less(j, a)) j--
      if (i > j) {
        swap(j, a)
        return { middle: j, done: first }
      }
      swap(i++, j--)
    }
  }
  const pdq = (from: number, to: number, bad: number): void => {
    let [a, b, limit] = [from, to, bad]
    let balanced = true
    let partitioned = true
    for (;;) {
      const length = b - a
      if (length <= 12) {
        insertion(a, b)
        return
      }
      if (limit === 0) {
        heap(a, b)
        return
      }
      if (!balanced) {
        breakPatterns(a, b)
        limit--
      }
      let { pivot, hint } = choosePivot(a, b)
      if (hint === 'down') {
        for (let i = a, j = b - 1; i < j; i++, j--) swap(i, j)
        pivot = b - 1 - (pivot - a)
        hint = 'up'
      }
      if (balanced && partitioned && hint === 'up' && partialInsertion(a, b)) return
      if (a > 0 && !less(a - 1, pivot)) {
        a = partitionEqual(a, b, pivot)
        continue
      }
      const { middle, done } = partition(a, b, pivot)
      partitioned = done
      const left = middle - a
      const right = b - middle
      const threshold = Math.trunc(length / 8)
      if (left < right) {
        balanced = left >= threshold
        pdq(a, middle, limit)
        a = middle + 1
      } else {
        balanced = right >= threshold
        pdq(middle + 1, b, limit)
        b = middle
      }
    }
  }
  pdq(0, items.length, bits(items.length))
}

import { recordings } from './recorded.ts'

recordings(5)

// Loaded before every test file: what passes the door is frozen, so that a change of it throws.
import { guardObjects } from '../../src/apimachinery/object.ts'

guardObjects(true)

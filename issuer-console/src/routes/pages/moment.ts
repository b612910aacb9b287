/** Of a field with date, time and offset. NaN where there is no offset: whose day it would be is not known. */
export function timeOf(text: string): number {
  return /T.*(?:Z|[+-]\d\d:\d\d)$/.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN;
}

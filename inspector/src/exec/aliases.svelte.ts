// The object under the pointer: all places that hold it light up together.
export const aliases = $state<{ object: number | null }>({ object: null });

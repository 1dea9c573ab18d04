export function Unowned() {
  return <h1>x</h1>;
}

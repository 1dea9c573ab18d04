import { useParams } from "react-router-dom";

export function Booking() {
  const { reference } = useParams();
  return <h1>Booking {reference}</h1>;
}

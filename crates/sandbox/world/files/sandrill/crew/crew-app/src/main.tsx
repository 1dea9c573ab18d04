import { createRoot } from "react-dom/client";
import { Rota } from "./Rota";

const root = document.getElementById("root");
if (root) createRoot(root).render(<Rota />);

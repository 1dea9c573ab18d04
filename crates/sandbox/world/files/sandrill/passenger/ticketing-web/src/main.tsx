import { createRoot } from "react-dom/client";
import { BrowserRouter, Route, Routes } from "react-router-dom";
import { Search } from "./Search";
import { Booking } from "./Booking";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <BrowserRouter>
      <Routes>
        <Route path="/" element={<Search />} />
        <Route path="/booking/:reference" element={<Booking />} />
      </Routes>
    </BrowserRouter>,
  );
}

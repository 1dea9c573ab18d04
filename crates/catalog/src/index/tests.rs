mod answers;
mod links;
mod make;
mod naive;
mod packed;
mod pages;
mod property;

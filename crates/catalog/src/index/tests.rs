mod answers;
mod links;
mod make;
mod naive;
mod pages;
mod property;

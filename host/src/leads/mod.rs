//! Lists of people from elsewhere: what a spreadsheet's export means.
//!
//! In: the bytes of a CSV file. Out: how it is written (`reading`), its rows (`records`), what its
//! columns are (`columns`), and of each row a lead or the reason why it is none (`row`); of a list
//! of people who must not be written to, its entries (`unwanted`). Pure: no file is opened here, and
//! no row, whatever is in it, ends the reading of those after it.

pub mod columns;
mod names;
pub mod reading;
pub mod records;
pub mod row;
pub mod unwanted;

pub use columns::{Column, Columns, Field, Target};
pub use reading::{Encoding, Shape, Survey};
pub use records::{Malformed, Record, Records};
pub use row::{Lead, Reader, Rejection};

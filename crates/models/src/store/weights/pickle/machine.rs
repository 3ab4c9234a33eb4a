//! The stack machine.

use std::collections::HashMap;

use super::super::Fault;
use super::{Id, MOST_VALUES, Pickle, Value};

/// Reads one pickle from the beginning of `input`.
pub(super) fn run(input: &[u8]) -> Result<(Pickle<'_>, usize), Fault> {
    let mut machine = Machine {
        input,
        at: 0,
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    while !machine.step()? {}
    let root = machine.pop()?;
    Ok((
        Pickle {
            values: machine.values,
            root,
        },
        machine.at,
    ))
}

struct Machine<'a> {
    input: &'a [u8],
    at: usize,
    values: Vec<Value<'a>>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

/// The pickle is not one, or not one of PyTorch's.
fn broken(what: &str) -> Fault {
    Fault::format(format!("its description of tensors is broken: {what}"))
}

impl<'a> Machine<'a> {
    /// Does one instruction; returns whether it was the last.
    fn step(&mut self) -> Result<bool, Fault> {
        match self.byte()? {
            b'.' => return Ok(true),
            // PROTO, FRAME: nothing to do.
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'N' => self.make(Value::None)?,
            0x88 => self.make(Value::Bool(true))?,
            0x89 => self.make(Value::Bool(false))?,
            b'K' => self.number(1)?,
            b'M' => self.number(2)?,
            b'J' => {
                let bytes = self.array::<4>()?;
                self.make(Value::Int(i32::from_le_bytes(bytes).into()))?;
            }
            0x8a => self.long(1)?,
            0x8b => self.long(4)?,
            b'G' => self.skip(8)?,
            b'X' | b'T' => self.text(4)?,
            b'U' | 0x8c => self.text(1)?,
            0x8d => self.text(8)?,
            b'B' => self.bytes(4)?,
            b'C' => self.bytes(1)?,
            0x8e | 0x96 => self.bytes(8)?,
            b')' => self.make(Value::Tuple(Vec::new()))?,
            b']' => self.make(Value::List(Vec::new()))?,
            b'}' => self.make(Value::Dict(Vec::new()))?,
            0x8f => self.make(Value::Other)?,
            b'(' => self.mark()?,
            b't' => {
                let entries = self.pop_to_mark()?;
                self.make(Value::Tuple(entries))?;
            }
            count @ 0x85..=0x87 => self.tuple(usize::from(count - 0x84))?,
            b'l' => {
                let entries = self.pop_to_mark()?;
                self.make(Value::List(entries))?;
            }
            b'd' => {
                let entries = pairs(self.pop_to_mark()?)?;
                self.make(Value::Dict(entries))?;
            }
            b'a' => {
                let entry = self.pop()?;
                self.append([entry])?;
            }
            b'e' => {
                let entries = self.pop_to_mark()?;
                self.append(entries)?;
            }
            // ADDITEMS: sets hold no tensors.
            0x90 => drop(self.pop_to_mark()?),
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set([(key, value)])?;
            }
            b'u' => {
                let entries = pairs(self.pop_to_mark()?)?;
                self.set(entries)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.make(Value::Global { module, name })?;
            }
            0x93 => self.stack_global()?,
            // REDUCE, NEWOBJ: what is called, with what.
            b'R' | 0x81 => {
                let (arguments, callee) = (self.pop()?, self.pop()?);
                let value = self.called(callee, arguments);
                self.make(value)?;
            }
            // NEWOBJ_EX: the keywords go.
            0x92 => {
                let (_, arguments, callee) = (self.pop()?, self.pop()?, self.pop()?);
                let value = self.called(callee, arguments);
                self.make(value)?;
            }
            // BUILD: the attributes of an object hold no weights (`_metadata` of a state dictionary).
            b'b' => drop(self.pop()?),
            b'Q' => {
                let id = self.pop()?;
                self.make(Value::Persistent(id))?;
            }
            b'q' => {
                let slot = self.unsigned(1)?;
                self.remember(slot)?;
            }
            b'r' => {
                let slot = self.unsigned(4)?;
                self.remember(slot)?;
            }
            0x94 => self.remember(self.memo.len() as u64)?,
            b'h' => {
                let slot = self.unsigned(1)?;
                self.recall(slot)?;
            }
            b'j' => {
                let slot = self.unsigned(4)?;
                self.recall(slot)?;
            }
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_to_mark()?),
            b'2' => {
                let top = self
                    .stack
                    .last()
                    .copied()
                    .ok_or_else(|| broken("nothing to double"))?;
                self.push(top)?;
            }
            other => return Err(broken(&format!("unknown instruction {other:#04x}"))),
        }
        Ok(false)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let end = self.at.checked_add(count);
        let taken = end
            .and_then(|end| self.input.get(self.at..end))
            .ok_or_else(|| broken("it ends too early"))?;
        self.at += count;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.take(N)?
            .try_into()
            .map_err(|_| broken("it ends too early"))
    }

    /// An unsigned number of `width` ≤ 8 bytes.
    fn unsigned(&mut self, width: usize) -> Result<u64, Fault> {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(self.take(width)?) {
            *to = *from;
        }
        Ok(u64::from_le_bytes(bytes))
    }

    /// A length of `width` bytes, and what is that long.
    fn counted(&mut self, width: usize) -> Result<&'a [u8], Fault> {
        let count =
            usize::try_from(self.unsigned(width)?).map_err(|_| broken("it ends too early"))?;
        self.take(count)
    }

    fn number(&mut self, width: usize) -> Result<(), Fault> {
        let number = self.unsigned(width)?;
        self.make(i64::try_from(number).map_or(Value::Other, Value::Int))
    }

    /// A signed number in as few bytes as it needs.
    fn long(&mut self, width: usize) -> Result<(), Fault> {
        let bytes = self.counted(width)?;
        let negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
        let mut whole = if negative { [0xff; 8] } else { [0; 8] };
        if bytes.len() > whole.len() {
            return self.make(Value::Other);
        }
        for (to, from) in whole.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.make(Value::Int(i64::from_le_bytes(whole)))
    }

    fn text(&mut self, width: usize) -> Result<(), Fault> {
        let bytes = self.counted(width)?;
        self.make(str::from_utf8(bytes).map_or(Value::Other, Value::Text))
    }

    fn bytes(&mut self, width: usize) -> Result<(), Fault> {
        self.counted(width)?;
        self.make(Value::Other)
    }

    fn skip(&mut self, count: usize) -> Result<(), Fault> {
        self.take(count)?;
        self.make(Value::Other)
    }

    fn line(&mut self) -> Result<&'a str, Fault> {
        let rest = self.input.get(self.at..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|&byte| byte == b'\n')
            .ok_or_else(|| broken("a name without end"))?;
        let line = self.take(length + 1)?.get(..length).unwrap_or_default();
        str::from_utf8(line).map_err(|_| broken("a name that is no text"))
    }

    fn push(&mut self, id: Id) -> Result<(), Fault> {
        if self.stack.len() >= MOST_VALUES {
            return Err(broken("it has too many values"));
        }
        self.stack.push(id);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id, Fault> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(broken("a value is missing"));
        }
        self.stack.pop().ok_or_else(|| broken("a value is missing"))
    }

    fn make(&mut self, value: Value<'a>) -> Result<(), Fault> {
        if self.values.len() >= MOST_VALUES {
            return Err(broken("it has too many values"));
        }
        self.values.push(value);
        self.push(self.values.len() - 1)
    }

    fn mark(&mut self) -> Result<(), Fault> {
        if self.marks.len() >= MOST_VALUES {
            return Err(broken("it has too many values"));
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, Fault> {
        let mark = self
            .marks
            .pop()
            .ok_or_else(|| broken("a mark is missing"))?;
        Ok(self.stack.split_off(mark))
    }

    fn tuple(&mut self, count: usize) -> Result<(), Fault> {
        let mut entries = Vec::with_capacity(count);
        for _ in 0..count {
            entries.push(self.pop()?);
        }
        entries.reverse();
        self.make(Value::Tuple(entries))
    }

    fn top(&mut self) -> Result<&mut Value<'a>, Fault> {
        let top = self
            .stack
            .last()
            .copied()
            .ok_or_else(|| broken("a value is missing"))?;
        self.values
            .get_mut(top)
            .ok_or_else(|| broken("a value is missing"))
    }

    fn append(&mut self, entries: impl IntoIterator<Item = Id>) -> Result<(), Fault> {
        // What else can be appended to holds no tensors.
        if let Value::List(list) = self.top()? {
            list.extend(entries);
        }
        Ok(())
    }

    fn set(&mut self, entries: impl IntoIterator<Item = (Id, Id)>) -> Result<(), Fault> {
        if let Value::Dict(dict) = self.top()? {
            dict.extend(entries);
        }
        Ok(())
    }

    fn stack_global(&mut self) -> Result<(), Fault> {
        let (name, module) = (self.pop()?, self.pop()?);
        match (self.values.get(module), self.values.get(name)) {
            (Some(&Value::Text(module)), Some(&Value::Text(name))) => {
                self.make(Value::Global { module, name })
            }
            _ => Err(broken("a name that is no text")),
        }
    }

    /// What a call makes: dictionaries are made here, all else stays a call.
    fn called(&self, callee: Id, arguments: Id) -> Value<'a> {
        let is_dict = matches!(
            self.values.get(callee),
            Some(
                Value::Global {
                    module: "collections",
                    name: "OrderedDict" | "defaultdict"
                } | Value::Global {
                    module: "builtins" | "__builtin__",
                    name: "dict"
                }
            )
        );
        if is_dict {
            Value::Dict(self.given(arguments).unwrap_or_default())
        } else {
            Value::Call { callee, arguments }
        }
    }

    /// The entries a dictionary is made with, as Python 2 wrote an `OrderedDict`: one list of pairs.
    fn given(&self, arguments: Id) -> Option<Vec<(Id, Id)>> {
        let Value::Tuple(arguments) = self.values.get(arguments)? else {
            return None;
        };
        let Value::List(pairs) = self.values.get(*arguments.first()?)? else {
            return None;
        };
        let pair = |id: &Id| match self.values.get(*id)? {
            Value::List(pair) | Value::Tuple(pair) => Some((*pair.first()?, *pair.get(1)?)),
            _ => None,
        };
        pairs.iter().map(pair).collect()
    }

    fn remember(&mut self, slot: u64) -> Result<(), Fault> {
        let top = self
            .stack
            .last()
            .copied()
            .ok_or_else(|| broken("a value is missing"))?;
        if self.memo.len() >= MOST_VALUES {
            return Err(broken("it has too many values"));
        }
        self.memo.insert(slot, top);
        Ok(())
    }

    fn recall(&mut self, slot: u64) -> Result<(), Fault> {
        let value = self
            .memo
            .get(&slot)
            .copied()
            .ok_or_else(|| broken("a value is missing"))?;
        self.push(value)
    }
}

fn pairs(entries: Vec<Id>) -> Result<Vec<(Id, Id)>, Fault> {
    if !entries.len().is_multiple_of(2) {
        return Err(broken("a key without value"));
    }
    Ok(entries
        .chunks_exact(2)
        .filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)))
        .collect())
}

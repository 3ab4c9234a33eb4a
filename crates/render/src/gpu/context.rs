//! The device and its queue: how they are chosen, and where their errors go.

use std::sync::{Arc, Mutex, PoisonError};

use super::GpuError;

/// The adapters there are, the best first: discrete before integrated, and drivers that run on the
/// CPU last, or, without `software`, not at all.
pub(super) fn adapters(software: bool) -> Vec<wgpu::Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        flags: wgpu::InstanceFlags::empty(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let mut adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    adapters.retain(|adapter| software || !is_software(&adapter.get_info()));
    adapters.sort_by_key(|adapter| preference(adapter.get_info().device_type));
    adapters
}

/// Any GPU there is, for a test; `None`, and a word about it, where there is none and none is required.
#[cfg(test)]
pub(super) fn any() -> Option<Context> {
    let adapters = adapters(true);
    let mut opened = adapters.iter().map(Context::open);
    let context = opened.find_map(Result::ok);
    if context.is_none() {
        let required = std::env::var_os("SPLATSMITH_GPU_REQUIRED").is_some_and(|set| set == "1");
        assert!(!required, "no adapter");
        println!("skipped: no adapter");
    }
    context
}

/// An opened GPU.
pub(super) struct Context {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    info: wgpu::AdapterInfo,
    /// The first error since it was last asked for: most come without a call to return them from.
    fault: Arc<Mutex<Option<GpuError>>>,
}

impl Context {
    /// Opens an adapter.
    pub(super) fn open(adapter: &wgpu::Adapter) -> Result<Self, GpuError> {
        let info = adapter.get_info();
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("splats"),
            // What every WebGPU device offers: 8 storage buffers of 128 MiB, 16 KiB per workgroup.
            required_limits: wgpu::Limits::default(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (device, queue) =
            pollster::block_on(adapter.request_device(&descriptor)).map_err(|error| {
                GpuError::Unfit {
                    adapter: name(&info),
                    reason: error.to_string(),
                }
            })?;
        let fault = Arc::new(Mutex::new(None));
        let keep = |fault: &Arc<Mutex<Option<GpuError>>>| {
            let fault = Arc::clone(fault);
            move |error: GpuError| {
                let mut first = fault.lock().unwrap_or_else(PoisonError::into_inner);
                first.get_or_insert(error);
            }
        };
        let (keep_error, keep_loss) = (keep(&fault), keep(&fault));
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| keep_error(error.into())));
        device.set_device_lost_callback(move |_, message| keep_loss(GpuError::Lost(message)));
        Ok(Self {
            device,
            queue,
            info,
            fault,
        })
    }

    /// Name, interface and driver, for people.
    pub(super) fn name(&self) -> String {
        name(&self.info)
    }

    /// Whether the "GPU" is a driver that computes on the CPU.
    pub(super) fn is_software(&self) -> bool {
        is_software(&self.info)
    }

    /// The first error since the last check.
    pub(super) fn check(&self) -> Result<(), GpuError> {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.take().map_or(Ok(()), Err)
    }

    /// Blocks until everything submitted is done.
    pub(super) fn wait(&self) -> Result<(), GpuError> {
        let done = self.device.poll(wgpu::PollType::wait_indefinitely());
        self.check()?;
        done.map(drop)
            .map_err(|error| GpuError::Failed(error.to_string()))
    }

    /// A buffer for shaders to read and write, which can be written from here and copied from.
    pub(super) fn storage(&self, label: &str, bytes: u64) -> wgpu::Buffer {
        self.buffer(
            label,
            bytes,
            wgpu::BufferUsages::STORAGE
                | wgpu::BufferUsages::COPY_DST
                | wgpu::BufferUsages::COPY_SRC,
        )
    }

    /// A buffer for the constants of a shader.
    pub(super) fn uniform(&self, label: &str, bytes: u64) -> wgpu::Buffer {
        self.buffer(
            label,
            bytes,
            wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        )
    }

    /// A buffer results are copied to, to be read here.
    pub(super) fn readback(&self, label: &str, bytes: u64) -> wgpu::Buffer {
        self.buffer(
            label,
            bytes,
            wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        )
    }

    fn buffer(&self, label: &str, bytes: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: bytes,
            usage,
            mapped_at_creation: false,
        })
    }
}

fn name(info: &wgpu::AdapterInfo) -> String {
    let interface = info.backend.to_string();
    [&info.name, &interface, &info.driver, &info.driver_info]
        .map(|part| part.trim())
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

fn is_software(info: &wgpu::AdapterInfo) -> bool {
    info.device_type == wgpu::DeviceType::Cpu
}

/// Less is better.
fn preference(kind: wgpu::DeviceType) -> u8 {
    match kind {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    }
}

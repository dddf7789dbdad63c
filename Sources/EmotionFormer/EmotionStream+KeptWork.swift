import EmotionFormerCore
import EmotionFormerEngine

/// Results that depend on one frame alone and not on its place in the window, by slot.
struct KeptWork: Sendable {
    /// nil if no results are kept.
    let layout: FrameLayout?
    /// The number of slots computed so far.
    private(set) var computedCount = 0
    private var memory: [UInt8]
    private var pending: [Int] = []

    /// - Throws: `limitExceeded` if the window takes too much memory.
    init(layout: FrameLayout?, slotCount: Int) throws(Fault) {
        let (size, overflow) = (layout?.byteCount ?? 0).multipliedReportingOverflow(by: slotCount)
        guard !overflow, size <= FrameWindow.limit * 4 else {
            throw Fault(
                .limitExceeded, at: "window", "the window takes too much memory",
                found: "\(slotCount) frames × \(layout?.byteCount ?? 0) bytes",
                expected: "at most \(FrameWindow.limit * 4) bytes")
        }
        self.layout = layout
        memory = [UInt8](repeating: 0, count: size)
    }

    /// Computes the results that slots are missing, then the model's outputs.
    mutating func run(_ session: Session, _ slots: [Int], _ window: inout FrameWindow) throws(Fault) {
        pending.removeAll(keepingCapacity: true)
        for slot in slots where !window.isComputed[slot] {
            window.isComputed[slot] = true
            pending.append(slot)
            if pending.count == slots.count { try compute(session, &window) }
        }
        try compute(session, &window)
        let result: Result<Void, Fault> = memory.withUnsafeBytes { memory in
            Result { () throws(Fault) in
                if let address = memory.baseAddress { try session.run(keptFrames: slots, in: address) }
            }
        }
        try result.get()
    }

    private mutating func compute(_ session: Session, _ window: inout FrameWindow) throws(Fault) {
        guard !pending.isEmpty else { return }
        // Moved out to avoid overlapping access, and put back to keep its capacity.
        var slots: [Int] = []
        swap(&slots, &pending)
        defer {
            slots.removeAll(keepingCapacity: true)
            swap(&slots, &pending)
        }
        window.write(slots, to: session.input(0).bindMemory(to: Float.self))
        let result: Result<Void, Fault> = memory.withUnsafeMutableBytes { memory in
            Result { () throws(Fault) in
                if let address = memory.baseAddress { try session.keepFrames(slots, in: address) }
            }
        }
        if case .failure(let fault) = result {
            for slot in slots { window.isComputed[slot] = false }
            throw fault
        }
        computedCount += slots.count
    }
}

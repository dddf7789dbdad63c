import Synchronization

/// The memory of a running step: the session's arena, and this thread's scratch.
struct Execution {
    /// Where the values of the plan lie; starts at a multiple of 64.
    let arena: UnsafeMutableRawPointer
    /// This thread's own memory, of the size that the largest step asked for; starts at a multiple of 64.
    let scratch: UnsafeMutableRawPointer
    /// Set to a step's `RunFault` when an element of the input makes it impossible to go on; steps never throw.
    let fault: FaultWord
    /// The remaining budget of elementary operations for loops. Only one thread runs loops and counts.
    let operations: UnsafeMutablePointer<Int>
    /// The kept frames of a resumed run; nil in any other.
    var frames: UnsafePointer<KeptFrames>?

    func report(_ fault: RunFault) { self.fault.report(fault) }

    /// The same with a nested plan's arena and scratch.
    func nested(arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) -> Execution {
        Execution(arena: arena, scratch: scratch, fault: fault, operations: operations)
    }
}

/// The first fault of a run, set by any of its threads.
struct FaultWord {
    private let word: UnsafeMutablePointer<Atomic<Int32>>

    init() {
        word = .allocate(capacity: 1)
        word.initialize(to: Atomic(0))
    }

    func deallocate() {
        word.deinitialize(count: 1)
        word.deallocate()
    }

    /// The first fault that was reported since the last `reset`.
    var fault: RunFault? { RunFault(rawValue: word.pointee.load(ordering: .relaxed)) }

    /// Only the first fault is kept, whichever thread it comes from.
    func report(_ fault: RunFault) {
        _ = word.pointee.compareExchange(expected: 0, desired: fault.rawValue, ordering: .relaxed)
    }

    func reset() { word.pointee.store(0, ordering: .relaxed) }
}

/// The faults that depend on the values of the input.
enum RunFault: Int32 {
    case indexOutside = 1
    case tooManyOperations = 2
}

/// The address of an operand: in the arena, or in a constant that the plan keeps alive.
///
/// `@unchecked Sendable`: a constant's memory is never written after the plan is made.
struct Operand: @unchecked Sendable {
    private let constant: UnsafeRawPointer?
    private let offset: Int

    init(arenaOffset: Int) {
        constant = nil
        offset = arenaOffset
    }

    init(constant: UnsafeRawPointer) {
        self.constant = constant
        offset = 0
    }

    @inline(__always)
    func bytes(_ execution: Execution) -> UnsafeRawPointer {
        if let constant { return constant }
        return UnsafeRawPointer(execution.arena + offset)
    }

    @inline(__always)
    func floats(_ execution: Execution) -> UnsafePointer<Float> {
        bytes(execution).assumingMemoryBound(to: Float.self)
    }

    @inline(__always)
    func elements<Element>(_ execution: Execution, as type: Element.Type) -> UnsafePointer<Element> {
        bytes(execution).assumingMemoryBound(to: Element.self)
    }
}

/// The address of a result.
struct Destination: Sendable {
    private let offset: Int

    init(arenaOffset: Int) { offset = arenaOffset }

    @inline(__always)
    func bytes(_ execution: Execution) -> UnsafeMutableRawPointer { execution.arena + offset }

    @inline(__always)
    func floats(_ execution: Execution) -> UnsafeMutablePointer<Float> {
        bytes(execution).assumingMemoryBound(to: Float.self)
    }

    @inline(__always)
    func elements<Element>(_ execution: Execution, as type: Element.Type) -> UnsafeMutablePointer<Element> {
        bytes(execution).assumingMemoryBound(to: Element.self)
    }
}

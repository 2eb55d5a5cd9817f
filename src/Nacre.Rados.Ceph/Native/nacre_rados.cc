// What librados' C API lacks: compound operations with any step, a snapshot per call, and results that stay where librados put them.
// One nacre_operation is built step by step, submitted once with a completion of the C API, read after that completed, and freed.
// Nothing here blocks, throws across the border or keeps a pointer into the caller's memory after it has returned.
#include <rados/librados.h>
#include <rados/librados.hpp>

#include <malloc.h>

#include <atomic>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>

using librados::bufferlist;

namespace {

// Where one step of a read leaves what it found.
struct output {
  int code = 0;
  bool more = false;
  uint64_t size = 0;
  timespec modified = {};
  bufferlist data;
  std::map<uint64_t, uint64_t> extents;
  std::vector<uint64_t> flat_extents;
  std::set<std::string> keys;
  std::map<std::string, bufferlist> values;
  librados::snap_set_t snapshots;
  std::list<obj_watch_t> watchers;
  void (*encode)(output &) = nullptr;  // turns a structured result into bytes in `data`
};

template <typename T> void put(bufferlist &to, T value) { to.append(reinterpret_cast<const char *>(&value), sizeof value); }

void put(bufferlist &to, const std::string &value) {
  put(to, static_cast<uint32_t>(value.size()));
  to.append(value);
}

void encode_keys(output &from) {
  put(from.data, static_cast<uint32_t>(from.keys.size()));
  for (auto &key : from.keys) {
    put(from.data, key);
    put(from.data, uint32_t{0});
  }
}

void encode_values(output &from) {
  put(from.data, static_cast<uint32_t>(from.values.size()));
  for (auto &[key, value] : from.values) {
    put(from.data, key);
    put(from.data, static_cast<uint32_t>(value.length()));
    from.data.append(value);
  }
}

void encode_extents(output &from) {
  for (auto &[offset, length] : from.extents) {
    from.flat_extents.push_back(offset);
    from.flat_extents.push_back(length);
  }
}

void encode_snapshots(output &from) {
  put(from.data, static_cast<uint64_t>(from.snapshots.seq));
  put(from.data, static_cast<uint32_t>(from.snapshots.clones.size()));
  for (auto &clone : from.snapshots.clones) {
    put(from.data, static_cast<uint64_t>(clone.cloneid));
    put(from.data, clone.size);
    put(from.data, static_cast<uint32_t>(clone.snaps.size()));
    for (uint64_t snapshot : clone.snaps) put(from.data, snapshot);
    put(from.data, static_cast<uint32_t>(clone.overlap.size()));
    for (auto &[offset, length] : clone.overlap) {
      put(from.data, offset);
      put(from.data, length);
    }
  }
}

void encode_watchers(output &from) {
  put(from.data, static_cast<uint32_t>(from.watchers.size()));
  for (auto &watcher : from.watchers) {
    put(from.data, std::string(watcher.addr));
    put(from.data, static_cast<int64_t>(watcher.watcher_id));
    put(from.data, static_cast<uint64_t>(watcher.cookie));
    put(from.data, static_cast<uint32_t>(watcher.timeout_seconds));
  }
}

bufferlist copy_of(const void *data, size_t length) {
  bufferlist list;
  if (length > 0) list.append(ceph::buffer::copy(static_cast<const char *>(data), length));
  return list;
}

// Reads the caller's packed strings: u32 length and bytes, as often as the caller says.
class unpacker {
 public:
  explicit unpacker(const char *at) : at_(at) {}
  std::string next() {
    uint32_t length;
    memcpy(&length, at_, sizeof length);
    std::string value(at_ + sizeof length, length);
    at_ += sizeof length + length;
    return value;
  }

 private:
  const char *at_;
};

}  // namespace

struct nacre_operation {
  std::unique_ptr<librados::ObjectReadOperation> read;
  std::unique_ptr<librados::ObjectWriteOperation> write;
  std::deque<output> outputs;  // a deque, since librados keeps pointers to its elements
  librados::IoCtx context;
  std::unique_ptr<librados::AioCompletion> completion;

  librados::ObjectOperation &any() {
    if (read) return *read;
    return *write;
  }

  output &add(void (*encode)(output &) = nullptr) {
    output &added = outputs.emplace_back();
    added.encode = encode;
    return added;
  }
};

struct nacre_output {
  int32_t code;
  int32_t more;
  const char *data;
  uint64_t length;
  const uint64_t *extents;  // pairs of offset and length
  uint64_t extent_count;
  uint64_t size;
  int64_t seconds;
  int64_t nanoseconds;
};

extern "C" {

// The version of this interface, so that a stale shim beside a newer assembly is noticed.
int nacre_version() { return 1; }

nacre_operation *nacre_new_read() {
  auto *op = new nacre_operation;
  op->read = std::make_unique<librados::ObjectReadOperation>();
  return op;
}

nacre_operation *nacre_new_write() {
  auto *op = new nacre_operation;
  op->write = std::make_unique<librados::ObjectWriteOperation>();
  return op;
}

// Large buffers that come and go fragment the allocator's arenas, until they hold several times what is in use: now and then what is free goes back.
void nacre_free(nacre_operation *op) {
  constexpr uint64_t every = 256 << 20;
  static std::atomic<uint64_t> freed;
  uint64_t length = 0;
  for (auto &output : op->outputs) length += output.data.length();
  delete op;
  if (length > 0 && freed.fetch_add(length) % every + length >= every) malloc_trim(0);
}

// ---- steps of reads and writes

void nacre_set_flags(nacre_operation *op, int flags) { op->any().set_op_flags2(flags); }

void nacre_assert_exists(nacre_operation *op) {
  op->add();
  op->any().assert_exists();
}

void nacre_assert_version(nacre_operation *op, uint64_t version) {
  op->add();
  op->any().assert_version(version);
}

void nacre_cmpxattr(nacre_operation *op, const char *name, int comparison, const void *value, size_t length) {
  op->add();
  op->any().cmpxattr(name, static_cast<uint8_t>(comparison), copy_of(value, length));
}

void nacre_omap_cmp(nacre_operation *op, const char *key, size_t key_length, int comparison, const void *value, size_t length) {
  std::map<std::string, std::pair<bufferlist, int>> assertions;
  assertions[std::string(key, key_length)] = {copy_of(value, length), comparison};
  op->any().omap_cmp(assertions, &op->add().code);
}

void nacre_cmpext(nacre_operation *op, uint64_t offset, const void *data, size_t length) {
  op->any().cmpext(offset, copy_of(data, length), &op->add().code);
}

void nacre_exec(nacre_operation *op, const char *name, const char *method, const void *input, size_t length) {
  bufferlist in = copy_of(input, length);
  output &to = op->add();
  if (op->read) {
    op->read->exec(name, method, in, &to.data, &to.code);
  } else {
    op->write->exec(name, method, in);
  }
}

// ---- steps of reads

void nacre_read(nacre_operation *op, uint64_t offset, uint64_t length) {
  output &to = op->add();
  op->read->read(offset, length, &to.data, &to.code);
}

void nacre_sparse_read(nacre_operation *op, uint64_t offset, uint64_t length) {
  output &to = op->add(encode_extents);
  op->read->sparse_read(offset, length, &to.extents, &to.data, &to.code);
}

void nacre_stat(nacre_operation *op) {
  output &to = op->add();
  op->read->stat2(&to.size, &to.modified, &to.code);
}

void nacre_getxattr(nacre_operation *op, const char *name) {
  output &to = op->add();
  op->read->getxattr(name, &to.data, &to.code);
}

void nacre_getxattrs(nacre_operation *op) {
  output &to = op->add(encode_values);
  op->read->getxattrs(&to.values, &to.code);
}

void nacre_omap_get_keys(nacre_operation *op, const char *after, size_t after_length, uint64_t maximum) {
  output &to = op->add(encode_keys);
  op->read->omap_get_keys2(std::string(after, after_length), maximum, &to.keys, &to.more, &to.code);
}

void nacre_omap_get_values(
    nacre_operation *op, const char *after, size_t after_length, const char *prefix, size_t prefix_length, uint64_t maximum) {
  output &to = op->add(encode_values);
  op->read->omap_get_vals2(
      std::string(after, after_length), std::string(prefix, prefix_length), maximum, &to.values, &to.more, &to.code);
}

void nacre_omap_get_values_by_keys(nacre_operation *op, const char *packed, uint32_t count) {
  std::set<std::string> keys;
  unpacker from(packed);
  for (uint32_t i = 0; i < count; i++) keys.insert(from.next());
  output &to = op->add(encode_values);
  op->read->omap_get_vals_by_keys(keys, &to.values, &to.code);
}

void nacre_checksum(
    nacre_operation *op, int type, const void *seed, size_t seed_length, uint64_t offset, uint64_t length, uint64_t chunk_size) {
  output &to = op->add();
  op->read->checksum(
      static_cast<rados_checksum_type_t>(type), copy_of(seed, seed_length), offset, length, chunk_size, &to.data, &to.code);
}

void nacre_list_snaps(nacre_operation *op) {
  output &to = op->add(encode_snapshots);
  op->read->list_snaps(&to.snapshots, &to.code);
}

void nacre_list_watchers(nacre_operation *op) {
  output &to = op->add(encode_watchers);
  op->read->list_watchers(&to.watchers, &to.code);
}

// ---- steps of writes

void nacre_create(nacre_operation *op, int exclusive) { op->write->create(exclusive != 0); }

void nacre_write(nacre_operation *op, uint64_t offset, const void *data, size_t length) {
  op->write->write(offset, copy_of(data, length));
}

void nacre_write_full(nacre_operation *op, const void *data, size_t length) { op->write->write_full(copy_of(data, length)); }

void nacre_append(nacre_operation *op, const void *data, size_t length) { op->write->append(copy_of(data, length)); }

// Writes what another operation read, without copying it: both share the buffers.
void nacre_write_output(
    nacre_operation *op, uint64_t offset, nacre_operation *source, uint32_t index, uint64_t start, uint64_t length, int full) {
  bufferlist part;
  part.substr_of(source->outputs[index].data, start, length);
  if (full) {
    op->write->write_full(part);
  } else {
    op->write->write(offset, part);
  }
}

void nacre_zero(nacre_operation *op, uint64_t offset, uint64_t length) { op->write->zero(offset, length); }

void nacre_truncate(nacre_operation *op, uint64_t size) { op->write->truncate(size); }

void nacre_write_same(nacre_operation *op, uint64_t offset, uint64_t length, const void *pattern, size_t pattern_length) {
  op->write->writesame(offset, length, copy_of(pattern, pattern_length));
}

void nacre_remove(nacre_operation *op) { op->write->remove(); }

void nacre_setxattr(nacre_operation *op, const char *name, const void *value, size_t length) {
  op->write->setxattr(name, copy_of(value, length));
}

void nacre_rmxattr(nacre_operation *op, const char *name) { op->write->rmxattr(name); }

void nacre_omap_set(nacre_operation *op, const char *packed, uint32_t count) {
  std::map<std::string, bufferlist> values;
  unpacker from(packed);
  for (uint32_t i = 0; i < count; i++) {
    std::string key = from.next();
    std::string value = from.next();
    values[key] = copy_of(value.data(), value.size());
  }
  op->write->omap_set(values);
}

void nacre_omap_rm_keys(nacre_operation *op, const char *packed, uint32_t count) {
  std::set<std::string> keys;
  unpacker from(packed);
  for (uint32_t i = 0; i < count; i++) keys.insert(from.next());
  op->write->omap_rm_keys(keys);
}

void nacre_omap_clear(nacre_operation *op) { op->write->omap_clear(); }

void nacre_alloc_hint(nacre_operation *op, uint64_t object_size, uint64_t write_size) {
  op->write->set_alloc_hint(object_size, write_size);
}

void nacre_rollback(nacre_operation *op, uint64_t snapshot) { op->write->selfmanaged_snap_rollback(snapshot); }

// ---- carrying out

// Takes over the completion (it is released with the operation), also where submitting fails.
int nacre_submit_read(nacre_operation *op, rados_ioctx_t io, const char *object, uint64_t snapshot, rados_completion_t completion) {
  op->completion = std::make_unique<librados::AioCompletion>(static_cast<librados::AioCompletionImpl *>(completion));
  librados::IoCtx::from_rados_ioctx_t(io, op->context);
  if (snapshot != LIBRADOS_SNAP_HEAD) {
    // A copy of the context, since the snapshot to read is a property of it and others use the original.
    librados::IoCtx own;
    own.dup(op->context);
    own.snap_set_read(snapshot);
    op->context = own;
  }
  return op->context.aio_operate(object, op->completion.get(), op->read.get(), nullptr);
}

int nacre_submit_write(
    nacre_operation *op, rados_ioctx_t io, const char *object, uint64_t sequence, const uint64_t *snapshots, size_t count,
    rados_completion_t completion) {
  op->completion = std::make_unique<librados::AioCompletion>(static_cast<librados::AioCompletionImpl *>(completion));
  librados::IoCtx::from_rados_ioctx_t(io, op->context);
  std::vector<librados::snap_t> existing(snapshots, snapshots + count);
  return op->context.aio_operate(object, op->completion.get(), op->write.get(), sequence, existing);
}

// After completion: lets go of everything but the outputs, which then outlive the connection.
void nacre_done(nacre_operation *op) {
  op->completion.reset();
  op->context.close();
  op->read.reset();
  op->write.reset();
}

uint32_t nacre_output_count(nacre_operation *op) { return static_cast<uint32_t>(op->outputs.size()); }

// After completion. What it points at lives as long as the operation.
void nacre_get_output(nacre_operation *op, uint32_t index, nacre_output *result) {
  output &from = op->outputs[index];
  if (from.encode && from.code >= 0) {
    from.encode(from);
    from.encode = nullptr;
  }
  result->code = from.code;
  result->more = from.more;
  result->length = from.data.length();
  result->data = from.data.length() > 0 ? from.data.c_str() : nullptr;
  result->extents = from.flat_extents.data();
  result->extent_count = from.flat_extents.size() / 2;
  result->size = from.size;
  result->seconds = from.modified.tv_sec;
  result->nanoseconds = from.modified.tv_nsec;
}

}  // extern "C"

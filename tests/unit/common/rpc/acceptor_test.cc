// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Connections that are taken, sockets that are nobody else's, and life without descriptors.

#include "common/rpc/acceptor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace rafale::common {
namespace {

using testing::HasSubstr;

constexpr int kPatienceMs = 60'000;

/// Closes itself.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }
  bool connect_tcp(std::uint16_t port) const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  bool connect_unix(const std::string& path) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  /// What the other side says next; empty if it hangs up.
  std::string read_some() const {
    pollfd wait{fd_, POLLIN, 0};
    EXPECT_EQ(poll(&wait, 1, kPatienceMs), 1) << "no word for a minute";
    std::string bytes(100, '\0');
    const ssize_t size = recv(fd_, bytes.data(), bytes.size(), 0);
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
  }

 private:
  int fd_;
};

Socket tcp() { return Socket(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }
Socket local() { return Socket(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

class AcceptorTest : public testing::Test {
 protected:
  /// Greets whom it takes, and hangs up.
  static void greet(int fd) {
    EXPECT_EQ(send(fd, "hello", 5, MSG_NOSIGNAL), 5);
    close(fd);
  }
  std::string listen_unix(const std::string& path) {
    return std::string(acceptor_.listen_unix(path, &AcceptorTest::greet).message());
  }
  mode_t mode_of(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777;
  }

  const support::Scratch dir_;
  Acceptor acceptor_;
};

TEST_F(AcceptorTest, TakesConnectionsOfAllItsListeners) {
  const auto first = acceptor_.listen_tcp("127.0.0.1", 0, &AcceptorTest::greet);
  const auto second = acceptor_.listen_tcp("127.0.0.1", 0, [](int fd) {
    EXPECT_EQ(send(fd, "second", 6, MSG_NOSIGNAL), 6);
    close(fd);
  });
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(*first, *second);
  ASSERT_EQ(listen_unix(dir_ / "run/s"), "");
  acceptor_.start();
  for (int i = 0; i < 5; ++i) {
    const Socket a = tcp();
    const Socket b = tcp();
    const Socket c = local();
    ASSERT_TRUE(a.connect_tcp(*first) && b.connect_tcp(*second) && c.connect_unix(dir_ / "run/s"));
    EXPECT_EQ(a.read_some(), "hello");
    EXPECT_EQ(b.read_some(), "second");
    EXPECT_EQ(c.read_some(), "hello");
  }
  EXPECT_EQ(acceptor_.refused(), 0u);
}

TEST_F(AcceptorTest, GivesSocketsThatNeitherBlockNorAreInherited) {
  std::mutex mutex;
  std::condition_variable changed;
  int flags = -1;
  int descriptor_flags = -1;
  const auto port = acceptor_.listen_tcp("127.0.0.1", 0, [&](int fd) {
    const std::lock_guard lock(mutex);
    flags = fcntl(fd, F_GETFL);
    descriptor_flags = fcntl(fd, F_GETFD);
    close(fd);
    changed.notify_one();
  });
  acceptor_.start();
  const Socket client = tcp();
  ASSERT_TRUE(client.connect_tcp(*port));
  std::unique_lock lock(mutex);
  ASSERT_TRUE(changed.wait_for(lock, std::chrono::milliseconds(kPatienceMs),
                               [&] { return descriptor_flags >= 0; }));
  EXPECT_NE(flags & O_NONBLOCK, 0);
  EXPECT_NE(descriptor_flags & FD_CLOEXEC, 0);
}

TEST_F(AcceptorTest, SaysWhereItCannotListenAndWhy) {
  const auto port = acceptor_.listen_tcp("127.0.0.1", 0, &AcceptorTest::greet);
  Acceptor other;
  const absl::Status taken = other.listen_tcp("127.0.0.1", *port, &AcceptorTest::greet).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(taken));
  EXPECT_EQ(taken.message(),
            "cannot listen on 127.0.0.1:" + std::to_string(*port) + ": Address already in use");
  const absl::Status elsewhere = other.listen_tcp("192.0.2.1", 0, &AcceptorTest::greet).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(elsewhere));
  EXPECT_THAT(std::string(elsewhere.message()), HasSubstr("192.0.2.1:0"));
}

TEST_F(AcceptorTest, APortIsFreeAgainAfterIt) {
  auto first = std::make_unique<Acceptor>();
  const auto port = first->listen_tcp("127.0.0.1", 0, &AcceptorTest::greet);
  first->start();
  const Socket client = tcp();
  ASSERT_TRUE(client.connect_tcp(*port));
  EXPECT_EQ(client.read_some(), "hello");
  first.reset();
  EXPECT_FALSE(tcp().connect_tcp(*port));
  EXPECT_TRUE(acceptor_.listen_tcp("127.0.0.1", *port, &AcceptorTest::greet).ok());
}

TEST_F(AcceptorTest, AUnixSocketIsOursAloneAndGoesWithIt) {
  const std::string path = dir_ / "run/s";
  {
    Acceptor acceptor;
    ASSERT_TRUE(acceptor.listen_unix(path, &AcceptorTest::greet).ok());
    EXPECT_EQ(mode_of(dir_ / "run"), 0700u);
    EXPECT_EQ(mode_of(path), 0600u);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(AcceptorTest, ASocketThatACrashLeftIsReplaced) {
  const std::string path = dir_ / "run/s";
  ASSERT_EQ(mkdir((dir_ / "run").c_str(), 0700), 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  {
    const Socket crashed = local();
    ASSERT_EQ(bind(crashed.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ASSERT_FALSE(local().connect_unix(path));
  ASSERT_EQ(listen_unix(path), "");
  acceptor_.start();
  const Socket client = local();
  ASSERT_TRUE(client.connect_unix(path));
  EXPECT_EQ(client.read_some(), "hello");
}

TEST_F(AcceptorTest, RefusesAFolderThatOthersMayEnterOrThatIsNone) {
  const std::string folder = dir_ / "run";
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  ASSERT_EQ(chmod(folder.c_str(), 0750), 0);
  EXPECT_EQ(listen_unix(folder + "/s"),
            "cannot use " + folder + " for sockets: others may enter it; chmod 700 it");
  support::write_file(dir_ / "file", "");
  EXPECT_THAT(listen_unix(dir_ / "file/s"), HasSubstr("it is no folder"));
  ASSERT_EQ(chmod(folder.c_str(), 0700), 0);
  ASSERT_EQ(symlink(folder.c_str(), (dir_ / "link").c_str()), 0);
  EXPECT_THAT(listen_unix(dir_ / "link/s"), HasSubstr("it is no folder"));
  EXPECT_THAT(listen_unix(dir_ / "none/run/s"), HasSubstr("No such file or directory"));
  EXPECT_EQ(listen_unix(folder + "/s"), "");
}

TEST_F(AcceptorTest, RefusesAPathThatIsTooLong) {
  const absl::Status status =
      acceptor_.listen_unix(dir_ / ("run/" + std::string(200, 's')), &AcceptorTest::greet);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("choose a shorter storm.local.dir"));
}

TEST_F(AcceptorTest, RefusesAnotherUsersFolder) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make a folder of another user";
  const std::string folder = dir_ / "run";
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  ASSERT_EQ(chown(folder.c_str(), 12345, 12345), 0);
  EXPECT_THAT(listen_unix(folder + "/s"), HasSubstr("it belongs to another user"));
}

TEST_F(AcceptorTest, HangsUpOnAnotherUserWhateverTheModesOfFiles) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  const std::string path = dir_ / "run/s";
  ASSERT_EQ(listen_unix(path), "");
  acceptor_.start();
  ASSERT_EQ(chmod(dir_.path().c_str(), 0755), 0);
  ASSERT_EQ(chmod((dir_ / "run").c_str(), 0755), 0);
  ASSERT_EQ(chmod(path.c_str(), 0666), 0);
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(12345) != 0 || setuid(12345) != 0) _exit(1);
    const Socket client = local();
    if (!client.connect_unix(path)) _exit(2);
    _exit(client.read_some().empty() ? 0 : 3);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0) << "1: no other user, 2: not connected, 3: served";
  const Socket ours = local();
  ASSERT_TRUE(ours.connect_unix(path));
  EXPECT_EQ(ours.read_some(), "hello");
}

/// Leaves no descriptor to the process while it lives.
class Drought {
 public:
  Drought() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit now = before_;
    now.rlim_cur = 256;
    setrlimit(RLIMIT_NOFILE, &now);
    for (int fd = open("/dev/null", O_RDONLY); fd >= 0; fd = open("/dev/null", O_RDONLY)) {
      held_.emplace_back(fd);
    }
    EXPECT_EQ(errno, EMFILE);
  }
  ~Drought() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
  std::vector<Socket> held_;
};

TEST_F(AcceptorTest, WithoutDescriptorsItRefusesEachConnectionOnceAndServesAgainLater) {
  const auto port = acceptor_.listen_tcp("127.0.0.1", 0, &AcceptorTest::greet);
  acceptor_.start();
  std::vector<Socket> early;
  for (int i = 0; i < 3; ++i) early.push_back(tcp());
  {
    const Drought drought;
    for (const Socket& client : early) {
      ASSERT_TRUE(client.connect_tcp(*port));
      EXPECT_EQ(client.read_some(), "") << "there was no descriptor for it";
    }
    EXPECT_EQ(acceptor_.refused(), early.size());
  }
  const Socket late = tcp();
  ASSERT_TRUE(late.connect_tcp(*port));
  EXPECT_EQ(late.read_some(), "hello");
}

TEST_F(AcceptorTest, StopsThoughNoDescriptorIsLeft) {
  const auto port = acceptor_.listen_tcp("127.0.0.1", 0, &AcceptorTest::greet);
  acceptor_.start();
  const Socket client = tcp();
  const Drought drought;
  ASSERT_TRUE(client.connect_tcp(*port));
  EXPECT_EQ(client.read_some(), "");
  acceptor_.stop();
  EXPECT_EQ(acceptor_.refused(), 1u);
}

TEST_F(AcceptorTest, TakesNobodyAfterStop) {
  const auto port = acceptor_.listen_tcp("127.0.0.1", 0, &AcceptorTest::greet);
  acceptor_.start();
  acceptor_.stop();
  acceptor_.stop();  // a second time is no mistake
  const Socket client = tcp();
  ASSERT_TRUE(client.connect_tcp(*port)) << "the backlog takes it";
  pollfd wait{client.fd(), POLLIN, 0};
  EXPECT_EQ(poll(&wait, 1, 0), 0);
}

}  // namespace
}  // namespace rafale::common
